/* offer.h - the operations of libvips that jobs may use, and what the review of each found. Pure.
 *
 * The table is offered.def. Names of settings are spelt as jobs spell them. Its guards are few: a look-up goes through all of them. */
#ifndef GC_WORKER_OPS_OFFER_H
#define GC_WORKER_OPS_OFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/slice.h"

enum gc_access { GC_ACCESS_STREAM, GC_ACCESS_RANDOM };

struct gc_offer {
    const char *nickname;
    enum gc_access access;
    unsigned traits;
    unsigned cost;
};

extern const struct gc_offer gc_offers[];
extern const uint32_t gc_offers_n;

/* NULL: not offered. */
const struct gc_offer *gc_offer_find(struct gc_bytes nickname);
/* Why an operation that exists is not offered; NULL: nothing is known of it. */
const char *gc_refusal(struct gc_bytes nickname);

/* ---- guards ---- */

struct gc_offer_range {
    const char *nickname;
    const char *setting;
    double min;
    double max;
};
/* NULL: libvips' own range will do. */
const struct gc_offer_range *gc_offer_range(const char *nickname, const char *setting);
/* How far from zero each number of the setting must lie; 0: it may be zero. */
double gc_offer_apart(const char *nickname, const char *setting);
/* The enumeration whose names the setting's list takes beside their numbers; NULL: none. */
const char *gc_offer_names(const char *nickname, const char *setting);
/* Of a setting's choices those that are offered, NULL-terminated; NULL: all. */
const char *const *gc_offer_choices(const char *nickname, const char *setting);
/* The formats, by libvips' names, that an image may have; NULL-terminated; NULL: any. */
const char *const *gc_offer_formats(const char *nickname);
/* Whether the argument is kept from jobs. */
bool gc_offer_withholds(const char *nickname, const char *argument);
/* Width and height that an image must have at least. */
void gc_offer_smallest(const char *nickname, int *ret_width, int *ret_height);
/* The settings that must be a place within each image; false: none must. */
bool gc_offer_within(const char *nickname, const char **ret_x, const char **ret_y);
/* Whether it has a random part. */
bool gc_offer_seeded(const char *nickname);

#endif
