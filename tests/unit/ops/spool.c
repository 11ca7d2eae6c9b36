#include "spool.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json/json.h"
#include "proto/scan.h"

void spool_init(struct spool *s, uint32_t n_nodes)
{
    struct gc_buf runs;
    struct gc_buf faults;
    char name[] = "/tmp/gc-spool-XXXXXX";
    *s = (struct spool){.n_nodes = n_nodes};
    s->fd = mkstemp(name);
    ck_assert_int_ge(s->fd, 0);
    ck_assert_int_eq(unlink(name), 0);
    gc_buf_init(&s->values, s->memory[0], sizeof s->memory[0]);
    gc_buf_init(&runs, s->memory[1], sizeof s->memory[1]);
    gc_buf_init(&faults, s->memory[2], sizeof s->memory[2]);
    gc_status_writer_init(&s->status, n_nodes, runs, faults);
}

void spool_release(struct spool *s)
{
    (void)close(s->fd);
}

static enum gc_outcome outcome_of(char letter)
{
    static const char letters[] = "-dfscw"; /* in the order of states.def */
    const char *at = strchr(letters, letter);
    ck_assert_ptr_nonnull(at);
    return (enum gc_outcome)(at - letters);
}

void spool_item(struct spool *s, const char *outcomes)
{
    uint8_t pattern[GC_MAX_STAGE_NODES];
    struct gc_status_fault faults[GC_MAX_STAGE_NODES];
    uint32_t n = 0;
    ck_assert_uint_eq(strlen(outcomes), s->n_nodes);
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        pattern[i] = (uint8_t)outcome_of(outcomes[i]);
        if (pattern[i] == GC_OUTCOME_FAILED)
            faults[n++] = (struct gc_status_fault){.node = i, .cause = GC_CAUSE_DAMAGED, .attempts = 1};
    }
    ck_assert_int_eq(gc_status_writer_add(&s->status, pattern, faults, n), GC_OK);
    s->item++;
}

void spool_bytes(struct spool *s, const void *bytes, size_t len)
{
    ck_assert_int_eq(write(s->fd, bytes, len), (ssize_t)len);
}

void spool_part(struct spool *s)
{
    static uint8_t memory[3][2 << 20];
    struct gc_buf status;
    struct gc_buf out;
    gc_buf_init(&status, memory[0], sizeof memory[0]);
    gc_buf_init(&out, memory[1], sizeof memory[1]);
    ck_assert_int_eq(gc_status_writer_finish(&s->status, &status), GC_OK);
    ck_assert(gc_buf_ok(&s->values));
    struct gc_scan_part part = {.first = s->first,
                                .count = s->item - s->first,
                                .status = gc_buf_bytes(&status),
                                .values = gc_buf_bytes(&s->values)};
    ck_assert(gc_scan_part_put(&out, &part));
    spool_bytes(s, out.data, out.len);
    gc_buf_reset(&s->values);
    s->first = s->item;
}

/* ---- the reducer ---- */

static uint32_t shape_of(const char *text, struct gc_field *fields)
{
    uint32_t n = 0;
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, " ");
        size_t name = strcspn(p, ":");
        const char *type = p + name + 1;
        fields[n++] = (struct gc_field){.name = gc_bytes_of(p, name),
                                        .type = *type == 'h'   ? GC_TYPE_HASH
                                                : *type == 'i' ? GC_TYPE_INT
                                                : *type == 's' ? GC_TYPE_STRING
                                                               : GC_TYPE_REAL};
        p += len + (p[len] == ' ');
    }
    return n;
}

static void add_step(struct rig *r, const char *op, const char *settings, uint32_t scanned, const char *bits,
                     const char *shape)
{
    static struct gc_field fields[GC_MAX_FIELDS];
    r->program.kind = GC_STAGE_REDUCE;
    r->program.scanned = scanned;
    (void)rig_step(r, op, settings, -1);
    for (const char *p = bits; *p; p++) {
        if (*p != ' ')
            r->inputs[0][r->steps[0].n_inputs++].step = *p == '-' ? GC_UNSET : (uint64_t)(*p - '0');
    }
    r->steps[0].n_shape = shape_of(shape, fields);
    r->steps[0].shape = fields;
}

void spool_install(struct rig *r, const char *op, const char *settings, uint32_t scanned, const char *bits,
                   const char *shape)
{
    add_step(r, op, settings, scanned, bits, shape);
    rig_install(r);
    ck_assert(gc_stage_scans(r->stage));
}

const char *spool_refused(const char *op, const char *settings, uint32_t scanned, const char *bits,
                          const char *shape)
{
    static struct gc_fault fault;
    static struct rig r;
    struct gc_stage *stage;
    fault = (struct gc_fault){.code = GC_OK};
    r = (struct rig){.program = {.folder = gc_str_bytes(GC_STR("/"))}};
    r.program.steps = r.steps;
    add_step(&r, op, settings, scanned, bits, shape);
    if (gc_stage_install(rig_encode(&r.program), &stage, &fault) == GC_OK)
        gc_stage_destroy(&stage);
    return fault.text;
}

static void run(struct rig *r, struct spool *s, bool there)
{
    struct gc_stage_needs needs;
    struct gc_task_output outputs[1];
    gc_stage_needs(r->stage, 1, &needs);
    ck_assert_uint_le(needs.n_outputs, 1);
    ck_assert_uint_eq(needs.n_inputs, 0);
    r->task =
        (struct gc_task){.index = GC_UNSET, .want = 1, .outputs = outputs, .n_outputs = needs.n_outputs};
    if (needs.n_outputs) {
        int fd = open(rig_output(r, 0), there ? O_RDONLY : O_RDWR | O_CREAT | O_TRUNC, 0666);
        outputs[0] = (struct gc_task_output){.step = needs.outputs[0].step, .fd = fd, .there = there};
        if (r->outputs[0] >= 0)
            (void)close(r->outputs[0]);
        r->outputs[0] = fd;
    }
    gc_buf_reset(&r->values);
    gc_stage_scan(r->stage, s->fd, &r->task, (struct gc_blame){NULL, NULL}, &r->values, &r->result);
    r->task = (struct gc_task){.index = GC_UNSET};
}

void spool_run(struct rig *r, struct spool *s)
{
    run(r, s, false);
}

void spool_run_on_file(struct rig *r, struct spool *s)
{
    run(r, s, true);
}

const char *spool_value(struct rig *r, const char *shape)
{
    static struct gc_text text;
    struct gc_field fields[GC_MAX_FIELDS];
    uint32_t n = shape_of(shape, fields);
    gc_text_reset(&text);
    ck_assert_int_eq(gc_json_value(&text, gc_buf_bytes(&r->values), fields, n), GC_OK);
    return gc_text_str(&text);
}

const char *spool_output(struct rig *r)
{
    static char text[4 << 20];
    ssize_t n = pread(r->outputs[0], text, sizeof text - 1, 0);
    ck_assert_int_ge(n, 0);
    text[n] = '\0';
    return text;
}
