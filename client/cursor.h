/* cursor.h - where a reader of results stands, as a text for `--after`: opaque to users, and checked when it comes back.
 *
 *   iSTAGE.ITEM.BIT                   by item
 *   sITEM                             the items of a source
 *   cSTAGE.SEQ.ITEM.BIT[_...]         by commit: where the walk of each stage stands that has begun
 *
 * Pure but for the text's memory.
 */
#ifndef GC_CLIENT_CURSOR_H
#define GC_CLIENT_CURSOR_H

#include "client/walk.h"
#include "common/json/text.h"

enum gc_cursor_kind { GC_CURSOR_ITEM = 'i', GC_CURSOR_SOURCE = 's', GC_CURSOR_COMMIT = 'c' };

struct gc_cursor {
    enum gc_cursor_kind kind;
    uint64_t stage;        /* ITEM */
    uint32_t n_stages;     /* COMMIT: of `at`; else 1 */
    struct gc_walk_at *at; /* COMMIT: by stage, all 0 where it has not begun; else at[0] */
};

void gc_cursor_put(struct gc_text *t, const struct gc_cursor *c);
/* Fills c->at and c->stage. False: no cursor of kind c->kind, or of a run with other stages. */
bool gc_cursor_parse(const char *text, struct gc_cursor *c);

#endif
