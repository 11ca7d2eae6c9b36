/* A folder of its own for each test, a lister on it, and what it found. */
#ifndef GC_TESTS_UNIT_LISTER_RIG_H
#define GC_TESTS_UNIT_LISTER_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/slice.h"
#include "worker/lister/lister.h"

struct rig {
    char folder[64];
    struct gc_lister *lister;
    uint64_t ids;
};

void *rig_keep(void *memory);    /* freed with the process; no leak */
void rig_init(struct rig *r);    /* the folder, and a lister whose one root it is */
void rig_release(struct rig *r); /* both are gone */
void rig_write(const struct rig *r, const char *path, const char *text); /* folders are made */

/* An encoded program of a source with settings "key=value" (true and false are bools), in memory that lives with the process. */
struct gc_bytes rig_program(const struct rig *r, const char *op, const char *const *settings, uint64_t limit);

/* What one or more LIST requests found. */
struct found {
    uint64_t count;
    uint32_t pages;
    uint32_t lists;
    bool ended;
    uint64_t left_out;
    char note[512];
    uint32_t cause; /* of a failure */
    char text[512];
    size_t cursor_len;
    uint8_t cursor[4096];
    struct gc_page refs[64]; /* the first pages, with their digests in memory that lives with the process */
    char names[65536];       /* of inlined items: each with a '\n' */
    size_t names_len;
};

/* One LIST from where `f` is. */
void rig_list(struct rig *r, struct gc_bytes program, uint32_t pages, struct found *f);
/* LISTs of `pages` until it has ended or failed. */
void rig_list_all(struct rig *r, struct gc_bytes program, uint32_t pages, struct found *f);
/* The next reply to `id`; waits 10 s at most. */
struct gc_lister_reply rig_reply(struct rig *r);

#endif
