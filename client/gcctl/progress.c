/* progress.c - see progress.h. */
#include "client/gcctl/progress.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RATE_NS 1000000000u /* between two measurements of the rate */

enum { NARROWEST = 20, WIDEST = 200 };

uint64_t progress_failed(const struct graphcap_run *run)
{
    uint64_t n = 0;
    for (size_t i = 0; i < run->n_nodes; i++)
        n += run->nodes[i].failed;
    return n;
}

uint64_t progress_items(const struct graphcap_run *run, bool *ret_known)
{
    uint64_t n = 0;
    *ret_known = run->n_sources > 0;
    for (size_t i = 0; i < run->n_sources; i++) {
        n += run->sources[i].items;
        *ret_known = *ret_known && run->sources[i].ended;
    }
    return n;
}

static void measure(struct progress *p, const struct graphcap_run *run)
{
    uint64_t now = gcctl_now();
    uint64_t over = graphcap_run_over(run);
    if (p->at_ns && now - p->at_ns < RATE_NS)
        return;
    if (p->at_ns && over >= p->over && run->pixels >= p->pixels) {
        double seconds = (double)(now - p->at_ns) / 1e9;
        double items = (double)(over - p->over) / seconds;
        double megapixels = (double)(run->pixels - p->pixels) / 1e6 / seconds;
        /* Half of the new, half of what was: results come in batches. */
        p->items_per_second = p->items_per_second > 0 ? (p->items_per_second + items) / 2 : items;
        p->megapixels_per_second =
            p->megapixels_per_second > 0 ? (p->megapixels_per_second + megapixels) / 2 : megapixels;
    }
    if (!p->at_ns && run->active_ns) {
        p->items_per_second = (double)over * 1e9 / (double)run->active_ns;
        p->megapixels_per_second = (double)run->pixels * 1e3 / (double)run->active_ns;
    }
    p->at_ns = now;
    p->over = over;
    p->pixels = run->pixels;
}

static void tell_sources(struct gcctl *g, struct progress *p, const struct graphcap_run *run)
{
    char note[1024];
    for (size_t i = 0; i < run->n_sources && i < 64; i++) {
        const struct graphcap_source *s = &run->sources[i];
        uint64_t bit = UINT64_C(1) << i;
        if (!s->ended || (p->told_sources & bit))
            continue;
        p->told_sources |= bit;
        gcctl_plain(note, sizeof note, s->note, strlen(s->note));
        if (note[0])
            gcctl_say(g, "%s: %s", s->node, note);
        else
            gcctl_say(g, "%s: %llu item%s", s->node, (unsigned long long)s->items, gcctl_plural(s->items));
    }
}

static int width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < NARROWEST)
        return 80;
    return size.ws_col < WIDEST ? size.ws_col : WIDEST;
}

static void put_left(char *to, size_t size, const struct progress *p, uint64_t over, uint64_t items,
                     bool known)
{
    char left[32];
    to[0] = '\0';
    if (!known || over >= items || p->items_per_second <= 0)
        return;
    double seconds = (double)(items - over) / p->items_per_second;
    if (seconds < 1e9)
        (void)snprintf(to, size, ", %s left", gcctl_duration(left, (uint64_t)(seconds * 1e9)));
}

void progress_show(struct gcctl *g, struct progress *p, const struct graphcap_run *run)
{
    char line[WIDEST + 1];
    char left[64];
    bool known;
    uint64_t items = progress_items(run, &known);
    uint64_t over = graphcap_run_over(run);
    tell_sources(g, p, run);
    measure(p, run);
    if (!g->terminal || g->options->quiet)
        return;
    put_left(left, sizeof left, p, over, items, known);
    int n = snprintf(line, sizeof line, "%s: %s, %llu/%llu%s items, %.1f items/s, %.1f MP/s%s, %llu failed",
                     run->job, graphcap_state_name(run->state), (unsigned long long)over,
                     (unsigned long long)items, known ? "" : "+", p->items_per_second,
                     p->megapixels_per_second, left, (unsigned long long)progress_failed(run));
    int most = width() - 1; /* a full line would wrap, and could not be drawn over */
    if (n > most)
        line[most] = '\0';
    (void)fprintf(stderr, "\r%s\x1b[K", line);
    (void)fflush(stderr);
    g->drawn = true;
}

void progress_clear(struct gcctl *g)
{
    if (!g->drawn)
        return;
    (void)fputs("\r\x1b[K", stderr);
    g->drawn = false;
}
