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

/* An ISO file whose main or compatible brands are HEIF's or AVIF's; `mif1` alone is HEIF in general. */
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

const struct gc_format gc_formats[] = {
    {"jpeg", "jpegload_source", "VipsForeignLoadJpeg", false, is_jpeg},
    {"png", "pngload_source", "VipsForeignLoadPng", false, is_png},
    {"webp", "webpload_source", "VipsForeignLoadWebp", true, is_webp},
    {"gif", "gifload_source", "VipsForeignLoadNsgif", true, is_gif},
    {"tiff", "tiffload_source", "VipsForeignLoadTiff", true, is_tiff},
    {"heif", "heifload_source", "VipsForeignLoadHeif", true, is_heif},
};
const uint32_t gc_formats_n = GC_COUNT_OF(gc_formats);

const struct gc_format *gc_sniff(const uint8_t *head, size_t len)
{
    for (uint32_t i = 0; i < gc_formats_n; i++)
        if (gc_formats[i].is(head, len))
            return &gc_formats[i];
    return NULL;
}

bool gc_sniff_cut(const uint8_t *head, size_t len, uint64_t size)
{
    if (!is_webp(head, len))
        return false;
    uint64_t riff =
        (uint64_t)head[4] | (uint64_t)head[5] << 8 | (uint64_t)head[6] << 16 | (uint64_t)head[7] << 24;
    return size < riff + 8;
}
