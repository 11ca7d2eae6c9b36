#include "common/id.h"

static const char BASE32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char HEX[] = "0123456789abcdef";

enum { BITS_PER_CHAR = 5, ID_BITS = 128 };

GC_STATIC_ASSERT(GC_ID_CHARS == (ID_BITS + BITS_PER_CHAR - 1) / BITS_PER_CHAR, "an id's text holds its bits");

void gc_id_text(struct gc_id128 id, char ret_text[GC_ID_TEXT_SIZE])
{
    char *out = ret_text;
    *out++ = 'r';
    *out++ = '-';
    unsigned held = 0; /* the bits not written yet, at the low end */
    int bits = 0;
    for (size_t i = 0; i < sizeof id.b; i++) {
        held = (held << 8 | id.b[i]) & 0xfff;
        for (bits += 8; bits >= BITS_PER_CHAR; bits -= BITS_PER_CHAR)
            *out++ = BASE32[held >> (bits - BITS_PER_CHAR) & 31];
    }
    /* 128 bits are 25 characters and 3 bits; the last character's low bits are zero. */
    *out++ = BASE32[held << (BITS_PER_CHAR - bits) & 31];
    *out = '\0';
}

static int base32_value(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

static void set_bit(struct gc_id128 *id, size_t bit)
{
    id->b[bit / 8] |= (uint8_t)(0x80u >> (bit % 8));
}

enum gc_err gc_id_parse_prefix(struct gc_str text, struct gc_id_range *ret_range)
{
    if (!gc_str_starts(text, GC_STR("r-")))
        return GC_ERR_INVALID;
    struct gc_str chars = gc_str_part(text, 2, text.len);
    if (chars.len == 0 || chars.len > GC_ID_CHARS)
        return GC_ERR_INVALID;

    struct gc_id_range range = {{{0}}, {{0}}};
    size_t bit = 0;
    for (size_t i = 0; i < chars.len; i++) {
        int value = base32_value(chars.ptr[i]);
        if (value < 0)
            return GC_ERR_INVALID;
        for (int shift = BITS_PER_CHAR - 1; shift >= 0; shift--, bit++) {
            if (!(value >> shift & 1))
                continue;
            /* Bits beyond the last must be zero: every id has one text. */
            if (bit >= ID_BITS)
                return GC_ERR_INVALID;
            set_bit(&range.low, bit);
            set_bit(&range.high, bit);
        }
    }
    for (; bit < ID_BITS; bit++)
        set_bit(&range.high, bit);
    *ret_range = range;
    return GC_OK;
}

enum gc_err gc_id_parse(struct gc_str text, struct gc_id128 *ret_id)
{
    if (text.len != GC_ID_TEXT_SIZE - 1)
        return GC_ERR_INVALID;
    struct gc_id_range range;
    enum gc_err err = gc_id_parse_prefix(text, &range);
    if (err == GC_OK)
        *ret_id = range.low;
    return err;
}

void gc_digest_text(struct gc_digest d, char ret_text[GC_DIGEST_TEXT_SIZE])
{
    for (size_t i = 0; i < sizeof d.b; i++) {
        ret_text[2 * i] = HEX[d.b[i] >> 4];
        ret_text[2 * i + 1] = HEX[d.b[i] & 15];
    }
    ret_text[2 * sizeof d.b] = '\0';
}
