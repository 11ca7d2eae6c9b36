/* rig_effects.c - taking the effects of a step in their order. */
#include <stdio.h>
#include <string.h>

#include "rig.h"

static void describe(const struct rig *rig, const char *what, const char *file, int line)
{
    char found[128] = "nothing";
    if (rig->seen < rig->effects.n) {
        const struct gc_effect *e = &rig->effects.list[rig->seen];
        if (e->kind == GC_FX_SEND)
            snprintf(found, sizeof found, "send %s to %llu", gc_msg_name(e->as.msg.type),
                     (unsigned long long)e->peer);
        else if (e->kind == GC_FX_COMMIT)
            snprintf(found, sizeof found, "commit %d", e->as.commit.kind);
        else
            snprintf(found, sizeof found, "read");
    }
    ck_abort_msg("%s:%d: wanted %s, found effect %u of %u: %s", file, line, what, rig->seen, rig->effects.n,
                 found);
}

const struct gc_effect *rig_next(struct rig *rig)
{
    return rig->seen < rig->effects.n ? &rig->effects.list[rig->seen++] : NULL;
}

bool rig_is_next(const struct rig *rig, gc_peer peer, enum gc_msg_type type)
{
    const struct gc_effect *e = &rig->effects.list[rig->seen];
    return rig->seen < rig->effects.n && e->kind == GC_FX_SEND && e->peer == peer && e->as.msg.type == type;
}

void rig_skip(struct rig *rig)
{
    rig->seen = rig->effects.n;
}

void rig_expect_none(struct rig *rig, const char *file, int line)
{
    if (rig->seen != rig->effects.n)
        describe(rig, "nothing", file, line);
}

const struct gc_msg *rig_expect_send(struct rig *rig, gc_peer peer, enum gc_msg_type type, const char *file,
                                     int line)
{
    if (!rig_is_next(rig, peer, type))
        describe(rig, gc_msg_name(type), file, line);
    return &rig->effects.list[rig->seen++].as.msg;
}

const struct gc_commit *rig_expect_commit(struct rig *rig, enum gc_commit_kind kind, const char *file,
                                          int line)
{
    const struct gc_effect *e = &rig->effects.list[rig->seen];
    if (rig->seen == rig->effects.n || e->kind != GC_FX_COMMIT || e->as.commit.kind != kind) {
        char what[32];
        snprintf(what, sizeof what, "commit %d", kind);
        describe(rig, what, file, line);
    }
    rig->seen++;
    return &e->as.commit;
}

struct rig_lease rig_lease_of(const struct gc_msg *msg)
{
    const struct gc_msg_lease *l = &msg->as.lease;
    struct rig_lease lease = {.id = l->lease,
                              .run_no = l->run_no,
                              .stage = l->stage,
                              .kind = l->kind,
                              .first = l->first,
                              .count = l->count,
                              .page = l->page,
                              .page_first = l->page_first,
                              .attempt = l->attempt,
                              .want = l->want,
                              .scan = l->scan,
                              .alone = l->alone,
                              .n_given = l->n_given,
                              .n_deltas = l->n_deltas};
    for (uint32_t i = 0; i < l->n_given && i < 4; i++)
        lease.given[i] = l->given[i];
    if (l->n_deltas > 0)
        memcpy(lease.deltas, l->deltas, l->n_deltas * sizeof *l->deltas);
    ck_assert_ptr_null(gc_msg_wrong(msg));
    return lease;
}

struct rig_lease rig_expect_lease(struct rig *rig, gc_peer peer, const char *file, int line)
{
    return rig_lease_of(rig_expect_send(rig, peer, GC_MSG_LEASE, file, line));
}

void rig_expect_ack(struct rig *rig, gc_peer peer, enum gc_verdict verdict, const char *file, int line)
{
    const struct gc_msg *msg = rig_expect_send(rig, peer, GC_MSG_RESULT_ACK, file, line);
    ck_assert_str_eq(gc_verdict_name(msg->as.result_ack.verdict), gc_verdict_name(verdict));
    ck_assert_uint_eq(msg->re, rig->seq);
}

void rig_expect_error(struct rig *rig, gc_peer peer, enum gc_err code, const char *file, int line)
{
    const struct gc_msg *msg = rig_expect_send(rig, peer, GC_MSG_ERROR, file, line);
    ck_assert_str_eq(gc_err_name((enum gc_err)msg->as.error.code), gc_err_name(code));
    ck_assert_uint_eq(msg->re, rig->seq);
}

void rig_expect_read(struct rig *rig, gc_peer peer, const char *file, int line)
{
    const struct gc_effect *e = &rig->effects.list[rig->seen];
    if (rig->seen == rig->effects.n || e->kind != GC_FX_READ || e->peer != peer)
        describe(rig, "read", file, line);
    rig->seen++;
}

void rig_expect_text(struct gc_bytes found, const char *wanted, const char *file, int line)
{
    if (found.len != strlen(wanted) || memcmp(found.ptr, wanted, found.len) != 0)
        ck_abort_msg("%s:%d: wanted '%s', found '%.*s'", file, line, wanted, (int)found.len,
                     found.len > 0 ? (const char *)found.ptr : "");
}
