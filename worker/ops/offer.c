#include "worker/ops/offer.h"

#include <string.h>

#include "common/macros.h"
#include "proto/states.h"

const struct gc_offer gc_offers[] = {
#define OFFER(nickname, access, traits, cost) {#nickname, GC_ACCESS_##access, (traits), (cost)},
#include "worker/ops/offered.def"
};
const uint32_t gc_offers_n = GC_COUNT_OF(gc_offers);

static const struct {
    const char *nickname;
    const char *why;
} refusals[] = {
#define REFUSE(nickname, why) {#nickname, (why)},
#include "worker/ops/offered.def"
};

const struct gc_offer *gc_offer_find(struct gc_bytes nickname)
{
    for (uint32_t i = 0; i < gc_offers_n; i++)
        if (gc_str_is(gc_bytes_str(nickname), gc_offers[i].nickname))
            return &gc_offers[i];
    return NULL;
}

const char *gc_refusal(struct gc_bytes nickname)
{
    for (size_t i = 0; i < GC_COUNT_OF(refusals); i++)
        if (gc_str_is(gc_bytes_str(nickname), refusals[i].nickname))
            return refusals[i].why;
    return NULL;
}

/* ---- guards ---- */

static const struct gc_offer_range ranges[] = {
#define RANGE(nickname, setting, min, max) {#nickname, #setting, (min), (max)},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    const char *setting;
    double least;
} aparts[] = {
#define APART(nickname, setting, least) {#nickname, #setting, (least)},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    const char *setting;
    const char *type;
} names[] = {
#define NAMES(nickname, setting, type) {#nickname, #setting, #type},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    const char *setting;
    const char *choices[5];
} choices[] = {
#define CHOICES(nickname, setting, ...) {#nickname, #setting, {__VA_ARGS__}},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    const char *formats[9];
} formats[] = {
#define FORMATS(nickname, ...) {#nickname, {__VA_ARGS__}},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    const char *argument;
} withheld[] = {
#define WITHOUT(nickname, argument) {#nickname, #argument},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    int width;
    int height;
} smallest[] = {
#define SMALLEST(nickname, width, height) {#nickname, (width), (height)},
#include "worker/ops/offered.def"
};
static const struct {
    const char *nickname;
    const char *x;
    const char *y;
} places[] = {
#define WITHIN(nickname, x, y) {#nickname, #x, #y},
#include "worker/ops/offered.def"
};
static const char *const seeded[] = {
#define SEEDED(nickname) #nickname,
#include "worker/ops/offered.def"
};

const struct gc_offer_range *gc_offer_range(const char *nickname, const char *setting)
{
    for (size_t i = 0; i < GC_COUNT_OF(ranges); i++)
        if (strcmp(ranges[i].nickname, nickname) == 0 && strcmp(ranges[i].setting, setting) == 0)
            return &ranges[i];
    return NULL;
}

double gc_offer_apart(const char *nickname, const char *setting)
{
    for (size_t i = 0; i < GC_COUNT_OF(aparts); i++)
        if (strcmp(aparts[i].nickname, nickname) == 0 && strcmp(aparts[i].setting, setting) == 0)
            return aparts[i].least;
    return 0;
}

const char *gc_offer_names(const char *nickname, const char *setting)
{
    for (size_t i = 0; i < GC_COUNT_OF(names); i++)
        if (strcmp(names[i].nickname, nickname) == 0 && strcmp(names[i].setting, setting) == 0)
            return names[i].type;
    return NULL;
}

const char *const *gc_offer_choices(const char *nickname, const char *setting)
{
    for (size_t i = 0; i < GC_COUNT_OF(choices); i++)
        if (strcmp(choices[i].nickname, nickname) == 0 && strcmp(choices[i].setting, setting) == 0)
            return choices[i].choices;
    return NULL;
}

const char *const *gc_offer_formats(const char *nickname)
{
    for (size_t i = 0; i < GC_COUNT_OF(formats); i++)
        if (strcmp(formats[i].nickname, nickname) == 0)
            return formats[i].formats;
    return NULL;
}

bool gc_offer_withholds(const char *nickname, const char *argument)
{
    for (size_t i = 0; i < GC_COUNT_OF(withheld); i++)
        if (strcmp(withheld[i].nickname, nickname) == 0 && strcmp(withheld[i].argument, argument) == 0)
            return true;
    return false;
}

bool gc_offer_within(const char *nickname, const char **ret_x, const char **ret_y)
{
    for (size_t i = 0; i < GC_COUNT_OF(places); i++) {
        if (strcmp(places[i].nickname, nickname) != 0)
            continue;
        *ret_x = places[i].x;
        *ret_y = places[i].y;
        return true;
    }
    return false;
}

void gc_offer_smallest(const char *nickname, int *ret_width, int *ret_height)
{
    *ret_width = *ret_height = 1;
    for (size_t i = 0; i < GC_COUNT_OF(smallest); i++) {
        if (strcmp(smallest[i].nickname, nickname) != 0)
            continue;
        *ret_width = smallest[i].width;
        *ret_height = smallest[i].height;
    }
}

bool gc_offer_seeded(const char *nickname)
{
    for (size_t i = 0; i < GC_COUNT_OF(seeded); i++)
        if (strcmp(seeded[i], nickname) == 0)
            return true;
    return false;
}
