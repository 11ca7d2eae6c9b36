/* document.h - what the coordinator keeps and hands out in parts: a run's plan, the catalogue. */
#ifndef GC_CLIENT_DOCUMENT_H
#define GC_CLIENT_DOCUMENT_H

#include "client/connection.h"

struct gc_document {
    uint8_t *bytes;
    size_t len;
    struct gc_arena arena; /* of its own: what is decoded into it outlives other calls on the connection */
};

/* Fetches the whole. `run_no` is 0 for the catalogue. */
int gc_document_get(struct graphcap *gc, enum gc_get_what what, uint64_t run_no, struct gc_document *ret,
                    struct graphcap_error *error);
void gc_document_release(struct gc_document *d);

/* The plan of that number, a run's or a draft's (SUBMITTED.run_no); its pointers lead into *ret. */
int gc_plan_get_number(struct graphcap *gc, uint64_t number, struct gc_document *ret, struct gc_plan *plan,
                       struct graphcap_error *error);

/* A run's plan; its pointers lead into *ret. */
int gc_plan_get(struct graphcap *gc, const struct gc_id128 *run, struct gc_document *ret,
                uint64_t *ret_run_no, struct gc_plan *plan, struct graphcap_error *error);

#endif
