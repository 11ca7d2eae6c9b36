/* reading.h - a run as it is read back: its plan, and the items of its sources. What results and failures stand on. */
#ifndef GC_CLIENT_READING_H
#define GC_CLIENT_READING_H

#include "client/document.h"
#include "client/listed.h"
#include "common/json/text.h"

#define GC_ANY_NODE UINT32_MAX

struct gc_reading {
    struct graphcap *gc;
    struct gc_id128 run;
    char name[GRAPHCAP_RUN_SIZE]; /* of the run, as text */
    uint64_t run_no;
    struct gc_document document; /* the plan lies in it */
    struct gc_plan plan;
    struct gc_listed *items[GC_MAX_STAGES]; /* by reading stage; opened when asked for */
    uint64_t last_stage;                    /* of `last`; GC_UNSET: none */
    uint64_t last_item;
    struct gc_item last;
};

int gc_reading_open(struct gc_reading *r, struct graphcap *gc, const char *run, struct graphcap_error *error);
void gc_reading_release(struct gc_reading *r);

/* The index of a node; NULL: GC_ANY_NODE. GRAPHCAP_NOT_FOUND names the nearest. */
int gc_reading_node(const struct gc_reading *r, const char *id, uint32_t *ret, struct graphcap_error *error);

/* The plan's node that bit `bit` of a stage stands for. */
const struct gc_plan_node *gc_reading_bit(const struct gc_reading *r, uint64_t stage, uint32_t bit);
/* Whether a stage has a node that is wanted. */
bool gc_reading_wanted(const struct gc_reading *r, uint64_t stage, uint32_t node);

/* An item that `stage` reads (or lists). A stage that works once a run has none: *ret is "not there". Good until the next call. */
int gc_reading_item(struct gc_reading *r, uint64_t stage, uint64_t item, struct gc_item *ret,
                    struct graphcap_error *error);

/* "item": 7, "source": "a.jpg"; both null where `item` is GRAPHCAP_NONE. */
void gc_reading_put_item(struct gc_text *t, uint64_t item, const struct gc_item *found);

#endif
