/* An intrusive doubly linked list: the link is a member of the element, so that an element is
 * linked and unlinked without memory, and removed without a search.
 *
 * The list knows its length, and so `gc_list_remove` wants the list. A link is in at most one list;
 * one that is in none has next == NULL, which is what zeroed memory gives. The list itself must not
 * move while it has elements (they point at its head). Every operation is O(1).
 */
#ifndef GC_COMMON_LIST_H
#define GC_COMMON_LIST_H

#include "common/assert.h"

#include <stdbool.h>
#include <stddef.h>

struct gc_link {
    struct gc_link *next;
    struct gc_link *prev;
};

struct gc_list {
    struct gc_link head;
    size_t count;
};

/* for (struct gc_link *it ...): the element is GC_CONTAINER(it, struct x, link). The list must not
 * change in the loop; with _SAFE the body may remove (and free) `it`, and nothing else. */
// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared takes none
#define GC_LIST_EACH(it, list) \
    for (struct gc_link *it = (list)->head.next; it != &(list)->head; it = it->next)
#define GC_LIST_EACH_SAFE(it, after, list)                                               \
    for (struct gc_link *it = (list)->head.next, *after = it->next; it != &(list)->head; \
         it = after, after = it->next)
// NOLINTEND(bugprone-macro-parentheses)

static inline void gc_list_init(struct gc_list *list)
{
    list->head.next = &list->head;
    list->head.prev = &list->head;
    list->count = 0;
}

static inline bool gc_list_empty(const struct gc_list *list)
{
    return list->count == 0;
}

static inline bool gc_link_linked(const struct gc_link *link)
{
    return link->next != NULL;
}

/* Puts `link` right before `at`, which is in the list or is its head. */
static inline void gc_list_insert_before(struct gc_list *list, struct gc_link *at, struct gc_link *link)
{
    GC_ASSERT(!gc_link_linked(link));
    GC_ASSERT(gc_link_linked(at));
    GC_ASSERT(at->prev != NULL);
    link->next = at;
    link->prev = at->prev;
    at->prev->next = link;
    at->prev = link;
    list->count++;
}

static inline void gc_list_append(struct gc_list *list, struct gc_link *link)
{
    gc_list_insert_before(list, &list->head, link);
}

static inline void gc_list_prepend(struct gc_list *list, struct gc_link *link)
{
    gc_list_insert_before(list, list->head.next, link);
}

static inline void gc_list_remove(struct gc_list *list, struct gc_link *link)
{
    GC_ASSERT(gc_link_linked(link));
    GC_ASSERT(list->count > 0);
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->next = NULL;
    link->prev = NULL;
    list->count--;
}

/* NULL when empty. */
static inline struct gc_link *gc_list_first(const struct gc_list *list)
{
    return list->count == 0 ? NULL : list->head.next;
}

static inline struct gc_link *gc_list_last(const struct gc_list *list)
{
    return list->count == 0 ? NULL : list->head.prev;
}

/* The link after `link`, NULL at the end. */
static inline struct gc_link *gc_list_next(const struct gc_list *list, const struct gc_link *link)
{
    return link->next == &list->head ? NULL : link->next;
}

/* Removes the first and returns it; NULL when empty. */
static inline struct gc_link *gc_list_take_first(struct gc_list *list)
{
    struct gc_link *first = gc_list_first(list);
    if (first)
        gc_list_remove(list, first);
    return first;
}

/* Walks the whole list: the pointers agree with each other and with the count. For checks. */
static inline bool gc_list_sound(const struct gc_list *list)
{
    size_t n = 0;
    const struct gc_link *it = &list->head;
    do {
        if (it->next->prev != it || n > list->count)
            return false;
        it = it->next;
        n++;
    } while (it != &list->head);
    return n == list->count + 1;
}

#endif
