#include "worker/ops/sniff.h"

#include <string.h>

#include "common/macros.h"

static bool at(const uint8_t *head, size_t len, size_t from, const char *magic, size_t n)
{
    return len >= from + n && memcmp(head + from, magic, n) == 0;
}

#define AT(from, magic) at(head, len, (from), (magic), sizeof(magic) - 1)

static bool is_jpeg(const uint8_t *head, size_t len)
{
    return AT(0, "\xff\xd8\xff");
}

static bool is_png(const uint8_t *head, size_t len)
{
    return AT(0, "\x89PNG\r\n\x1a\n");
}

static bool is_webp(const uint8_t *head, size_t len)
{
    return AT(0, "RIFF") && AT(8, "WEBP");
}

static bool is_gif(const uint8_t *head, size_t len)
{
    return AT(0, "GIF87a") || AT(0, "GIF89a");
}

static bool is_tiff(const uint8_t *head, size_t len)
{
    return AT(0, "II\x2a\0") || AT(0, "MM\0\x2a") || AT(0, "II\x2b\0") || AT(0, "MM\0\x2b");
}

/* An ISO file whose main brand is HEIF's or AVIF's; `mif1` is HEIF in general. */
static bool is_heif(const uint8_t *head, size_t len)
{
    static const char *const brands[] = {"heic", "heix", "hevc", "hevx", "heim", "heis",
                                         "hevm", "hevs", "mif1", "msf1", "avif", "avis"};
    if (!AT(4, "ftyp"))
        return false;
    for (size_t i = 0; i < GC_COUNT_OF(brands); i++)
        if (at(head, len, 8, brands[i], 4))
            return true;
    return false;
}

static bool is_jp2k(const uint8_t *head, size_t len)
{
    return AT(0, "\0\0\0\x0cjP  \r\n\x87\n") || AT(0, "\xff\x4f\xff\x51");
}

static bool is_jxl(const uint8_t *head, size_t len)
{
    return AT(0, "\xff\x0a") || AT(0, "\0\0\0\x0cJXL \r\n\x87\n");
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* P1 to P6, and the floats PF and Pf; then white space. */
static bool is_ppm(const uint8_t *head, size_t len)
{
    return len >= 3 && head[0] == 'P' && is_space(head[2]) &&
           ((head[1] >= '1' && head[1] <= '6') || head[1] == 'F' || head[1] == 'f');
}

static bool is_rad(const uint8_t *head, size_t len)
{
    return AT(0, "#?RADIANCE") || AT(0, "#?RGBE");
}

static bool is_pdf(const uint8_t *head, size_t len)
{
    return AT(0, "%PDF-");
}

/* Text that begins with a tag, of which one is <svg. */
static bool is_svg(const uint8_t *head, size_t len)
{
    size_t i = AT(0, "\xef\xbb\xbf") ? 3 : 0;
    while (i < len && is_space(head[i]))
        i++;
    if (i == len || head[i] != '<')
        return false;
    for (; i < len && head[i]; i++)
        if (AT(i, "<svg"))
            return true;
    return false;
}

static bool is_bmp(const uint8_t *head, size_t len)
{
    return AT(0, "BM") && len >= 18 && at(head, len, 15, "\0\0", 2);
}

static bool is_psd(const uint8_t *head, size_t len)
{
    return AT(0, "8BPS");
}

static bool is_ico(const uint8_t *head, size_t len)
{
    return AT(0, "\0\0\1\0");
}

static bool is_exr(const uint8_t *head, size_t len)
{
    return AT(0, "\x76\x2f\x31\x01");
}

static bool is_fits(const uint8_t *head, size_t len)
{
    return AT(0, "SIMPLE  =");
}

static bool is_vips(const uint8_t *head, size_t len)
{
    return AT(0, "\x08\xf2\xa6\xb6") || AT(0, "\xb6\xa6\xf2\x08");
}

static bool is_gzip(const uint8_t *head, size_t len)
{
    return AT(0, "\x1f\x8b");
}

#define IS_ALWAYS          false
#define IS_ASKED           true
#define OPERATION_OF(name) #name "load_source"

const struct gc_format gc_formats[] = {
#define FORMAT(format, class, when, has_pages, how, ns) \
    {.name = #format,                                   \
     .loader = OPERATION_OF(format),                    \
     .loader_class = "VipsForeignLoad" #class,          \
     .asked = IS_##when,                                \
     .pages = (has_pages),                              \
     .shrinks = GC_SHRINKS_##how,                       \
     .cost = (ns),                                      \
     .is = is_##format},
#define KNOWN(format, reason) {.name = #format, .why = (reason), .is = is_##format},
#include "worker/ops/formats.def"
};
const uint32_t gc_formats_n = GC_COUNT_OF(gc_formats);

#define NAME_ALWAYS(name)
#define NAME_ASKED(name) #name,

const char *const gc_loader_names[] = {
#define FORMAT(format, class, when, ...) NAME_##when(format)
#include "worker/ops/formats.def"
    NULL};

const struct gc_format *gc_sniff(const uint8_t *head, size_t len)
{
    for (uint32_t i = 0; i < gc_formats_n; i++)
        if (gc_formats[i].is(head, len))
            return &gc_formats[i];
    return NULL;
}

/* A number of `n` bytes; `large`: its highest byte comes first. */
static uint64_t number_at(const uint8_t *at, size_t n, bool large)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | at[large ? i : n - 1 - i];
    return v;
}

bool gc_sniff_cut(const uint8_t *head, size_t len, uint64_t size)
{
    if (is_webp(head, len))
        return size < number_at(head + 4, 4, false) + 8;
    if (!is_tiff(head, len) || len < 16)
        return false;
    bool large = head[0] == 'M';
    bool wide = head[large ? 3 : 2] == 0x2b; /* BigTIFF */
    return size <= (wide ? number_at(head + 8, 8, large) : number_at(head + 4, 4, large));
}
