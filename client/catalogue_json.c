/* catalogue_json.c - what the fleet can do, as JSON. */
#include "client/document.h"
#include "client/error.h"
#include "common/json/json.h"

static void put_bytes(struct gc_text *t, const char *key, struct gc_bytes v)
{
    gc_json_key(t, key);
    gc_json_bytes(t, v);
}

static void put_type(struct gc_text *t, uint64_t type)
{
    gc_json_key(t, "type");
    gc_json_str(t, gc_type_name(type));
}

static void put_config(struct gc_text *t, const struct gc_op_config *c)
{
    gc_json_item(t);
    gc_json_open(t, '{');
    put_bytes(t, "key", c->key);
    put_type(t, c->type);
    gc_json_key(t, "required");
    gc_json_bool(t, c->required);
    if (c->min <= c->max) {
        gc_json_key(t, "min");
        gc_json_real(t, c->min);
        gc_json_key(t, "max");
        gc_json_real(t, c->max);
    }
    gc_json_key(t, "default");
    gc_json_tree(t, &c->fallback);
    if (c->n_choices) {
        gc_json_key(t, "choices");
        gc_json_open(t, '[');
        for (uint32_t i = 0; i < c->n_choices; i++) {
            gc_json_item(t);
            gc_json_bytes(t, c->choices[i].text);
        }
        gc_json_close(t, ']');
    }
    put_bytes(t, "help", c->help);
    gc_json_close(t, '}');
}

static void put_traits(struct gc_text *t, uint64_t traits)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } rows[] = {
#define TRAIT(NAME, bit, name, text) {UINT64_C(1) << (bit), name},
#include "proto/states.def"
    };
    gc_json_key(t, "traits");
    gc_json_open(t, '[');
    for (size_t i = 0; i < GC_COUNT_OF(rows); i++) {
        if (!(traits & rows[i].bit))
            continue;
        gc_json_item(t);
        gc_json_str(t, rows[i].name);
    }
    gc_json_close(t, ']');
}

static void put_inputs(struct gc_text *t, const struct gc_op *op)
{
    gc_json_key(t, "inputs");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < op->n_inputs; i++) {
        gc_json_item(t);
        gc_json_open(t, '{');
        put_bytes(t, "name", op->inputs[i].name);
        put_type(t, op->inputs[i].type);
        gc_json_key(t, "required");
        gc_json_bool(t, op->inputs[i].required);
        gc_json_key(t, "many");
        gc_json_bool(t, op->inputs[i].many);
        gc_json_close(t, '}');
    }
    gc_json_close(t, ']');
}

static void put_named_types(struct gc_text *t, struct gc_bytes name, uint64_t type)
{
    gc_json_item(t);
    gc_json_open(t, '{');
    put_bytes(t, "name", name);
    put_type(t, type);
    gc_json_close(t, '}');
}

static void put_op(struct gc_text *t, const struct gc_op *op)
{
    gc_json_item(t);
    gc_json_open(t, '{');
    put_bytes(t, "name", op->name);
    put_bytes(t, "help", op->help);
    gc_json_key(t, "scope");
    gc_json_str(t, gc_scope_name(op->scope));
    put_traits(t, op->traits);
    put_inputs(t, op);
    gc_json_key(t, "outputs");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < op->n_outputs; i++)
        put_named_types(t, op->outputs[i].name, op->outputs[i].type);
    gc_json_close(t, ']');
    gc_json_key(t, "config");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < op->n_config; i++)
        put_config(t, &op->config[i]);
    gc_json_close(t, ']');
    gc_json_key(t, "shape");
    gc_json_open(t, '[');
    for (uint32_t i = 0; i < op->n_shape; i++)
        put_named_types(t, op->shape[i].name, op->shape[i].type);
    gc_json_close(t, ']');
    put_bytes(t, "command", op->command);
    put_bytes(t, "command_on_file", op->command_on_file);
    gc_json_close(t, '}');
}

int graphcap_catalogue_json(struct graphcap *gc, char **ret, struct graphcap_error *error)
{
    struct gc_document document;
    struct gc_catalogue catalogue;
    struct gc_fault fault = {0};
    struct gc_text t = {0};
    int code = gc_document_get(gc, GC_GET_CATALOGUE, 0, &document, error);
    if (code != GRAPHCAP_OK)
        return code;
    enum gc_err err =
        gc_decode_catalogue(gc_bytes_of(document.bytes, document.len), &document.arena, &catalogue, &fault);
    if (err == GC_OK) {
        gc_json_open(&t, '{');
        put_bytes(&t, "build", catalogue.build);
        gc_json_key(&t, "ops");
        gc_json_open(&t, '[');
        for (uint32_t i = 0; i < catalogue.n_ops; i++)
            put_op(&t, &catalogue.ops[i]);
        gc_json_close(&t, ']');
        gc_json_close(&t, '}');
    }
    gc_document_release(&document);
    if (err != GC_OK)
        return gc_fail_context(error, gc_fail_fault(error, err, &fault), "the fleet's catalogue");
    *ret = gc_text_take(&t);
    return *ret ? GRAPHCAP_OK : gc_fail_memory(error);
}
