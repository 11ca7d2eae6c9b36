/* What failures cost: a node's policy over the job's over the defaults, field by field.
 *
 * max_bad is one setting with two spellings: a node that gives either overrides both of the job's. A stage runs its nodes as one
 * task, so it has the largest timeout, the most retries and the most suspicions of them: no node gets less than it asked for.
 * The job's timeout is meant for an item. A task that reads the results of all of them has its node's own, or a much longer one.
 */
#include "common/num.h"
#include "coordinator/plan/planner.h"

static const struct gc_policy DEFAULTS = {
    .retries = GC_RETRIES_DEFAULT,
    .timeout_ns = GC_TIMEOUT_DEFAULT_NS,
    .suspicions = GC_SUSPICIONS_DEFAULT,
    .max_bad = GC_UNSET,
    .max_bad_ppm = GC_UNSET,
};

static uint64_t set_or(uint64_t value, uint64_t wider)
{
    return value == GC_UNSET ? wider : value;
}

static struct gc_policy over(const struct gc_policy *own, const struct gc_policy *wider)
{
    struct gc_policy p = *wider;
    p.retries = set_or(own->retries, wider->retries);
    p.timeout_ns = set_or(own->timeout_ns, wider->timeout_ns);
    p.suspicions = set_or(own->suspicions, wider->suspicions);
    if (own->max_bad != GC_UNSET || own->max_bad_ppm != GC_UNSET) {
        p.max_bad = own->max_bad;
        p.max_bad_ppm = own->max_bad_ppm;
    }
    return p;
}

static void check_number(struct gc_planner *p, uint32_t node, const char *field, uint64_t value,
                         uint64_t least, uint64_t most)
{
    if (value != GC_UNSET && (value < least || value > most))
        gc_plan_error(p, node, gc_str_bytes(gc_str_of(field)), "must lie between %u and %u, not be %u", least,
                      most, value);
}

static void check_policy(struct gc_planner *p, uint32_t node, const struct gc_policy *policy)
{
    check_number(p, node, "policy.retries", policy->retries, 0, GC_LIMITLESS_MAX);
    check_number(p, node, "policy.suspicions", policy->suspicions, 1, GC_LIMITLESS_MAX);
    check_number(p, node, "policy.max_bad", policy->max_bad_ppm, 0, 1000000);
    if (policy->timeout_ns == 0)
        gc_plan_error(p, node, gc_str_bytes(GC_STR("policy.timeout")), "must be longer than nothing");
}

void gc_plan_policies(struct gc_planner *p)
{
    struct gc_policy job = DEFAULTS;
    if (p->job->n_policy) {
        check_policy(p, GC_PLAN_NONE, p->job->policy);
        job = over(p->job->policy, &DEFAULTS);
    }
    for (uint32_t i = 0; i < p->n; i++) {
        const struct gc_node *node = p->v[i].node;
        p->v[i].policy = job;
        if (node->n_policy) {
            check_policy(p, i, node->policy);
            p->v[i].policy = over(node->policy, &job);
        }
        if (gc_plan_scans(&p->v[i]) && (!node->n_policy || node->policy->timeout_ns == GC_UNSET))
            p->v[i].policy.timeout_ns = GC_SCAN_TIMEOUT_NS;
    }
}

void gc_plan_widen(struct gc_plan_stage *stage, const struct gc_policy *by)
{
    stage->retries = gc_max_u64(stage->retries, by->retries);
    stage->suspicions = gc_max_u64(stage->suspicions, by->suspicions);
    stage->timeout_ns = gc_max_u64(stage->timeout_ns, by->timeout_ns);
}
