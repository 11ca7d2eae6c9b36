#include "worker/ops/offer.h"

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
