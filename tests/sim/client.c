/* The client: submits each job until it is answered, asks until each has ended, cancels and pauses some. Everything is sent again
 * until it is seen to have worked: all of it must be idempotent. */
#include <string.h>

#include "common/assert.h"
#include "tests/sim/world.h"

static void post(struct sim_world *w, struct gc_msg msg)
{
    struct sim_client *c = &w->client;
    struct sim_saying s = {0};
    msg.seq = ++c->seq;
    msg.session = c->session;
    sim_encode(w, &msg, &s);
    sim_post(w, s, SIM_CLIENT_PARTY, c->life, SIM_COORDINATOR, 0);
}

static void hello(struct sim_world *w)
{
    struct gc_msg msg = {.type = GC_MSG_HELLO, .as.hello = {.role = GC_ROLE_CLIENT, .peer = {{77}}}};
    memcpy(msg.as.hello.boot.b, &w->client.life, 8);
    post(w, msg);
}

static void control(struct sim_world *w, uint32_t i, enum gc_action action)
{
    post(w, (struct gc_msg){.type = GC_MSG_CONTROL,
                            .as.control = {.run = w->jobs[i].run, .action = (uint64_t)action}});
}

/* What a job wants to hear next. Jobs begin one after the other, a second apart. */
static void attend(struct sim_world *w, uint32_t i)
{
    struct sim_client *c = &w->client;
    struct sim_job *j = &w->jobs[i];
    uint64_t begin = (i + 1) * GC_S;
    if (c->ended[i] || w->now_ns < begin)
        return;
    if (!j->submitted) {
        post(w, (struct gc_msg){.type = GC_MSG_SUBMIT_END, .as.submit_end = {.run = j->run}});
        return;
    }
    if (j->cancel && w->now_ns > begin + 4 * GC_S)
        control(w, i, GC_ACTION_CANCEL);
    else if (i == 0 && w->now_ns > begin + 3 * GC_S && w->now_ns < begin + 6 * GC_S)
        control(w, i, GC_ACTION_PAUSE);
    else if (i == 0 && w->now_ns >= begin + 6 * GC_S)
        control(w, i, GC_ACTION_RESUME);
    post(w, (struct gc_msg){.type = GC_MSG_SHOW, .as.show = {.run = j->run, .watch = true}});
}

void sim_client_act(struct sim_world *w)
{
    struct sim_client *c = &w->client;
    w->steps++;
    if (!c->welcome)
        hello(w);
    else
        for (uint32_t i = 0; i < w->n_jobs; i++)
            attend(w, i);
    sim_will(w, w->now_ns + 500 * GC_MS, SIM_CLIENT, SIM_CLIENT_PARTY, c->life);
}

void sim_client_deliver(struct sim_world *w, const struct sim_happening *h)
{
    struct sim_client *c = &w->client;
    struct gc_msg msg;
    if (!sim_decode(w, h, &msg)) {
        w->wrong = true;
        return;
    }
    w->steps++;
    if (msg.type == GC_MSG_WHO) {
        c->welcome = false;
        hello(w);
    } else if (msg.type == GC_MSG_WELCOME) {
        c->welcome = true;
        c->session = msg.session;
    }
    for (uint32_t i = 0; i < w->n_jobs; i++) {
        struct sim_job *j = &w->jobs[i];
        if (msg.type == GC_MSG_SUBMITTED && memcmp(msg.as.submitted.run.b, j->run.b, sizeof j->run.b) == 0)
            j->submitted |= msg.as.submitted.accepted;
        if (msg.type == GC_MSG_RUN_INFO && memcmp(msg.as.run_info.run.b, j->run.b, sizeof j->run.b) == 0)
            c->ended[i] |= gc_run_state_ended(msg.as.run_info.state);
    }
}

void sim_client_start(struct sim_world *w)
{
    struct sim_client *c = &w->client;
    c->alive = true;
    c->life++;
    c->welcome = false;
    sim_client_act(w);
}

void sim_client_crash(struct sim_world *w)
{
    w->client.alive = false;
}

bool sim_client_done(const struct sim_world *w)
{
    for (uint32_t i = 0; i < w->n_jobs; i++)
        if (!w->client.ended[i])
            return false;
    return true;
}
