/* A store in a folder of its own, a small run with every kind of stage, and commits as lines of text to compare. */
#ifndef GC_TESTS_STORE_FIXTURE_H
#define GC_TESTS_STORE_FIXTURE_H

#include <stdio.h>

#include "coordinator/store/store.h"

enum { FIXTURE_SOURCE, FIXTURE_ITEM, FIXTURE_REDUCE, FIXTURE_STAGES };

/* A new folder below $TMPDIR; removed with all that is in it by fixture_remove. */
void fixture_folder(char ret[64]);
void fixture_remove(const char *folder);

/* Opens and fails the test where that fails. */
struct gc_store *fixture_open(const char *folder);
struct gc_store *fixture_open_small(const char *folder, uint64_t pages);

struct gc_id128 fixture_id(uint64_t number);
/* A run in state `running`: files → two nodes → one reducer. */
struct gc_commit fixture_run(uint64_t run_no);
/* `count` items of the ITEM stage from `first` on, the last of them failed if `bad`; values are `size` bytes. Made in static
 * memory, good until the next call. */
struct gc_commit fixture_batch(uint64_t run_no, uint64_t first, uint64_t count, bool bad, size_t size);
struct gc_commit fixture_state(uint64_t run_no, enum gc_run_state state);

/* One commit in a transaction of its own. */
void fixture_commit(struct gc_store *s, struct gc_commit c);

/* One line a commit, with what recovery gives back and nothing else. */
void fixture_describe(FILE *to, const struct gc_commit *c);
/* What a recovery tells, described; free it. */
char *fixture_recovered(struct gc_store *s);

#endif
