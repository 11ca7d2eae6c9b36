/* plan_view.h - a plan with its programs and the catalogue, as those read it who tell it in words. Pure. */
#ifndef GC_CLIENT_PLAN_VIEW_H
#define GC_CLIENT_PLAN_VIEW_H

#include "common/json/text.h"
#include "proto/catalogue.h"
#include "proto/message.h"

struct gc_plan_view {
    const struct gc_plan *plan;
    const struct gc_program *programs; /* of its stages; checked by gc_plan_view_wrong */
    const struct gc_catalogue *catalogue;
};

/* What makes it unreadable: an index that leads nowhere. NULL: nothing; who reads it relies on that. Static. */
const char *gc_plan_view_wrong(const struct gc_plan_view *view);

/* A setting of a step; NULL: it has none of that key. */
const struct gc_value *gc_step_setting(const struct gc_step *step, struct gc_str key);
/* Where what an input brings was made, through steps that hand it on. */
struct gc_step_input gc_step_origin(const struct gc_program *p, struct gc_step_input in);
/* Appends the name of the variable that is the item of a stage: IN, and of further sources IN2, IN3, in the order of their stages. */
void gc_plan_item_name(const struct gc_plan_view *view, uint32_t stage, struct gc_text *to);

#endif
