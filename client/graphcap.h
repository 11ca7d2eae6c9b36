/* graphcap.h - libgraphcap: submit jobs to a graphcap coordinator, watch their runs, read what they made.
 *
 *     struct graphcap_error error;
 *     struct graphcap *gc = NULL;
 *     struct graphcap_job *job = NULL;
 *     char run[GRAPHCAP_RUN_SIZE] = "";
 *     if (graphcap_connect(NULL, &gc, &error) == GRAPHCAP_OK &&
 *         graphcap_job_load("web.yaml", NULL, &job, &error) == GRAPHCAP_OK &&
 *         graphcap_submit(gc, job, NULL, run, &error) == GRAPHCAP_OK &&
 *         graphcap_wait(gc, run, NULL, NULL, NULL, &error) == GRAPHCAP_OK)
 *         ... graphcap_results_open(gc, run, NULL, &results, &error) ...
 *     else
 *         fprintf(stderr, "%s\n", error.text);
 *     graphcap_job_free(&job);
 *     graphcap_close(&gc);
 *
 * Errors. A function that can fail returns an enum graphcap_code, GRAPHCAP_OK being 0, writes what it returns only on success,
 * and fills the caller's struct graphcap_error (which may be NULL) with what happened, where, and what to do. The library
 * prints nothing and never ends the process.
 *
 * Ownership. What a function hands out through a `**` belongs to the caller, who gives it back with the function of that name
 * (`_free`, `_close`, which take the pointer's address, set it to NULL and accept NULL). What was opened on a connection is closed
 * before the connection. Plain `const` pointers inside what was handed out live as long as that, or until the next call of its `_next`. Texts are NUL-terminated; what can hold any byte
 * (a file name) has its length beside it. Where a text is called JSON, it is valid UTF-8 JSON without a line break.
 *
 * Threads. A connection and all that was opened on it belong to one thread at a time; any number of connections may be used
 * at once. graphcap_interrupt alone may be called from any thread and from a signal handler. After fork() a connection is
 * the parent's: in the child every call on it fails with GRAPHCAP_STATE.
 *
 * Waiting. A call that waits goes on through a restart of the coordinator: it joins again, sends again what was not answered
 * (nothing is done twice: submissions and controls are idempotent), and starts a private coordinator that died. How long it
 * waits for a silent coordinator is graphcap_options.patience_ns.
 *
 * Units. Times are nanoseconds; `..._at_ns` are wall-clock times since 1970, UTC, 0 where it has not happened.
 *
 * Versions. Structs whose first member is `size` are filled by the caller, who sets it to the sizeof he was compiled with;
 * new members are added at their ends, and those beyond `size` count as 0. Structs that the library hands out only grow.
 */
#ifndef GRAPHCAP_H
#define GRAPHCAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* ---- errors ------------------------------------------------------------------------------------------------------------- */

/* The numbers are fixed for ever. */
enum graphcap_code {
    GRAPHCAP_OK = 0,
    GRAPHCAP_USAGE = 1,     /* the call or command is used wrongly */
    GRAPHCAP_INVALID = 2,   /* a job file, a name, a cursor is not valid */
    GRAPHCAP_NOT_FOUND = 3, /* no such run, node, item, file */
    GRAPHCAP_EXISTS = 4,
    GRAPHCAP_BUSY = 5,  /* the coordinator has no room for it now */
    GRAPHCAP_LIMIT = 6, /* above a limit */
    GRAPHCAP_NOMEM = 7,
    GRAPHCAP_IO = 8,
    GRAPHCAP_FULL = 9,         /* a disk or a quota is full */
    GRAPHCAP_CORRUPT = 10,     /* stored data is damaged */
    GRAPHCAP_VERSION = 11,     /* the other side has another version */
    GRAPHCAP_DENIED = 12,      /* not allowed */
    GRAPHCAP_UNREACHABLE = 13, /* no coordinator could be reached */
    GRAPHCAP_TIMEOUT = 14,
    GRAPHCAP_STATE = 15, /* not possible in this state */
    GRAPHCAP_STALE = 16,
    GRAPHCAP_CANCELLED = 17,
    GRAPHCAP_MALFORMED = 18,   /* the other side sent bytes that are no message */
    GRAPHCAP_UNSUPPORTED = 19, /* this system cannot do that */
    GRAPHCAP_INTERNAL = 20,    /* an error in this library */
    GRAPHCAP_INTERRUPTED = 64, /* graphcap_interrupt was called */
};

struct graphcap_error {
    int code; /* enum graphcap_code */
    int exit; /* what gcctl exits with for it */
    char text[1024];
};

/* "not-found"; "unknown" for a number that is no code. Static. */
const char *graphcap_code_name(int code);

/* "0.1.0", and the same with the libraries behind it, "graphcap 0.1.0, libzmq 4.3.4, ...". Static. */
const char *graphcap_version(void);
const char *graphcap_versions(void);

/* A number that is not there. */
#define GRAPHCAP_NONE UINT64_MAX

/* ---- connection --------------------------------------------------------------------------------------------------------- */

struct graphcap;

struct graphcap_options {
    size_t size;
    const char *
        endpoint; /* "ipc:///path"; NULL: GRAPHCAP_ENDPOINT, else `endpoint` of ~/.config/graphcap/config.yaml; where
                             that is none either, the private coordinator of the state folder */
    const char *
        state; /* the private coordinator's folder; NULL: GRAPHCAP_STATE, else ~/.local/state/graphcap. Made (0700)
                             where it is missing. Given without `endpoint`, it wins over the environment's endpoint */
    const char *
        bindir; /* where the daemons are; NULL: GRAPHCAP_BINDIR, else beside the program, else ../bin of the library,
                             else PATH */
    const char *name;   /* who we are, for people; NULL: the program's name */
    uint32_t executors; /* of the private worker, where this call starts one; 0: one a processor */
    uint64_t
        patience_ns; /* how long a coordinator may stay silent before a call fails with GRAPHCAP_UNREACHABLE.
                             0: 20 s; GRAPHCAP_NONE: for ever */
    /* Something worth a line to a person: the coordinator is silent, came back, was started again. Called from inside calls on
     * the connection, in their thread; must make none itself. */
    void (*notice)(void *arg, const char *text);
    void *notice_arg;
};

/* Joins the coordinator, or starts a private one and waits until it is there. `options` may be NULL. */
int graphcap_connect(const struct graphcap_options *options, struct graphcap **ret,
                     struct graphcap_error *error);

/* Says goodbye. Runs go on. */
void graphcap_close(struct graphcap **gc);

/* The call that waits on this connection, or the next one that would, returns GRAPHCAP_INTERRUPTED. What it had asked for may
 * have been done. Any thread, any signal handler. */
void graphcap_interrupt(struct graphcap *gc);

/* "ipc:///run/..."; lives as long as the connection. */
const char *graphcap_endpoint(const struct graphcap *gc);

/* Whether it is the private coordinator of a state folder. */
int graphcap_is_private(const struct graphcap *gc);

/* Changes graphcap_options.patience_ns. */
void graphcap_set_patience(struct graphcap *gc, uint64_t patience_ns);

/* ---- jobs --------------------------------------------------------------------------------------------------------------- */

struct graphcap_job;

struct graphcap_job_options {
    size_t size;
    const char *const *set; /* "NODE.KEY=VALUE": overrides config */
    size_t n_set;
    const char *const *param; /* "NAME=VALUE": for ${NAME} */
    size_t n_param;
    const char *folder; /* absolute; what relative paths of the job start from. NULL: the current folder */
    uint64_t limit;     /* items of each source at most; 0: all */
};

/* One thing that is wrong with a job, or may be. */
struct graphcap_problem {
    const char *file; /* as given */
    uint64_t line;    /* from 1; 0: no line of its own */
    const char *node; /* id; NULL: the job itself */
    const char *field;
    const char *text;
    int warning;      /* the job runs all the same */
    const char *full; /* "FILE:LINE: node 'ID': FIELD: text" */
};

/* Reads a job file (YAML or JSON; "-" is standard input). GRAPHCAP_OK as soon as the file could be read, however wrong it is:
 * what is wrong with it are its problems. No coordinator is needed. `options` may be NULL. */
int graphcap_job_load(const char *file, const struct graphcap_job_options *options, struct graphcap_job **ret,
                      struct graphcap_error *error);
/* The same from memory; `file` stands in messages. */
int graphcap_job_parse(const char *file, const char *text, size_t len,
                       const struct graphcap_job_options *options, struct graphcap_job **ret,
                       struct graphcap_error *error);
void graphcap_job_free(struct graphcap_job **job);

const char *graphcap_job_name(const struct graphcap_job *job);
size_t graphcap_job_nodes(const struct graphcap_job *job);
/* Its problems, sorted by line: those of the file, and after graphcap_validate or graphcap_submit those that the coordinator
 * found too. A problem lives until the next one is asked for. */
size_t graphcap_job_problems(const struct graphcap_job *job);
uint64_t graphcap_job_more_problems(const struct graphcap_job *job); /* those beyond the ones kept */
size_t graphcap_job_errors(const struct graphcap_job *job);          /* those that are no warnings */
const struct graphcap_problem *graphcap_job_problem(struct graphcap_job *job, size_t i); /* NULL: no such */

/* Asks the coordinator what it thinks of the job; nothing is run or kept. A job that is wrong in shape is checked as far as it
 * goes. GRAPHCAP_OK: the answer is in the job's problems. */
int graphcap_validate(struct graphcap *gc, struct graphcap_job *job, struct graphcap_error *error);

/* ---- runs --------------------------------------------------------------------------------------------------------------- */

/* A run's id, "r-" and 26 characters, with the NUL. */
#define GRAPHCAP_RUN_SIZE 29

struct graphcap_submit_options {
    size_t size;
    int paused; /* it starts when graphcap_resume is called */
};

/* Makes a run of the job. `run`: GRAPHCAP_RUN_SIZE bytes; where it holds an id already, that is the run's (the same id is the
 * same submission, for ever: after a failure the call may be repeated with it); where it is "", a new one is written to it
 * before anything is sent. GRAPHCAP_INVALID: the job was refused, its problems say why. */
int graphcap_submit(struct graphcap *gc, struct graphcap_job *job,
                    const struct graphcap_submit_options *options, char *run, struct graphcap_error *error);

/* A new run id. */
void graphcap_new_run(char run[GRAPHCAP_RUN_SIZE]);

/* The one run whose id begins with `prefix` ("r-" and at least one character). GRAPHCAP_NOT_FOUND; GRAPHCAP_INVALID where
 * several do, or it is no prefix of an id. All functions below take whole ids. */
int graphcap_find_run(struct graphcap *gc, const char *prefix, char run[GRAPHCAP_RUN_SIZE],
                      struct graphcap_error *error);

enum graphcap_state {
    GRAPHCAP_PENDING = 0,
    GRAPHCAP_RUNNING = 1,
    GRAPHCAP_PAUSED = 2,
    GRAPHCAP_COMPLETED = 3,
    GRAPHCAP_PARTIAL = 4,
    GRAPHCAP_FAILED = 5,
    GRAPHCAP_RUN_CANCELLED = 6,
};
/* "completed"; "?" for a number that is no state. Static. */
const char *graphcap_state_name(int state);
/* Whether such a run is over. */
int graphcap_state_ended(int state);

struct graphcap_node {
    const char *id;
    const char *op;
    int per_item;   /* one value an item; else one a run */
    uint64_t total; /* GRAPHCAP_NONE while listing goes on */
    uint64_t done;  /* cached and warned ones too */
    uint64_t failed;
    uint64_t skipped;
    uint64_t cached;
    uint64_t warned;
    uint64_t busy_ns; /* executors' time of its stage */
};

struct graphcap_source {
    const char *node;
    uint64_t items;
    int ended;         /* listing is over */
    uint64_t left_out; /* files that its pattern left out */
    const char *note;  /* taken and left out, by extension */
};

struct graphcap_run {
    char run[GRAPHCAP_RUN_SIZE];
    const char *job;
    int state;        /* enum graphcap_state */
    const char *text; /* why it failed, or a warning; "" */
    uint64_t created_at_ns;
    uint64_t started_at_ns;
    uint64_t ended_at_ns;
    uint64_t active_ns; /* in which it was running and not paused */
    uint64_t pixels;    /* decoded so far */
    uint64_t workers;   /* connected */
    uint64_t refused;   /* results that were stale or came twice */
    size_t n_nodes;
    const struct graphcap_node *nodes; /* in the job's order */
    size_t n_sources;
    const struct graphcap_source *sources;
};

int graphcap_show(struct graphcap *gc, const char *run, struct graphcap_run **ret,
                  struct graphcap_error *error);
void graphcap_run_free(struct graphcap_run **run);

/* How many items are over: each per-item node has an outcome for them. Of a cancelled run: those that were over before. */
uint64_t graphcap_run_over(const struct graphcap_run *run);

/* Whether the run's job states how many items may fail (max_bad): a partial run is a success then. */
int graphcap_allows_partial(struct graphcap *gc, const char *run, int *ret, struct graphcap_error *error);

/* The run as JSON, as `gcctl show --json` prints it. With `gc`, the values of its run-scoped nodes are in it. */
int graphcap_run_json(struct graphcap *gc, const struct graphcap_run *run, char **ret,
                      struct graphcap_error *error);
/* Gives back a text of this library. */
void graphcap_text_free(char **text);

int graphcap_pause(struct graphcap *gc, const char *run, struct graphcap_error *error);
int graphcap_resume(struct graphcap *gc, const char *run, struct graphcap_error *error);
int graphcap_cancel(struct graphcap *gc, const char *run, struct graphcap_error *error);

/* A run as it changes. */
struct graphcap_watch;
int graphcap_watch_open(struct graphcap *gc, const char *run, struct graphcap_watch **ret,
                        struct graphcap_error *error);
/* Waits for news of the run (the first call: for how it stands), at most `timeout_ns`; while nothing changes the coordinator is
 * asked every three seconds, and its answer counts as news. *ret lives until the next call. GRAPHCAP_TIMEOUT: there were none.
 * After the run has ended, calls give its last state at once. */
int graphcap_watch_next(struct graphcap_watch *watch, uint64_t timeout_ns, const struct graphcap_run **ret,
                        struct graphcap_error *error);
void graphcap_watch_close(struct graphcap_watch **watch);

/* Waits until the run has ended. `progress` (may be NULL) is called after each change, five times a second at most; where it
 * returns other than 0, the wait ends with GRAPHCAP_INTERRUPTED. `ret` may be NULL. */
int graphcap_wait(struct graphcap *gc, const char *run,
                  int (*progress)(void *arg, const struct graphcap_run *run), void *arg,
                  struct graphcap_run **ret, struct graphcap_error *error);

/* ---- listings ----------------------------------------------------------------------------------------------------------- */

struct graphcap_tag {
    const char *key;
    const char *value;
};

struct graphcap_run_row {
    char run[GRAPHCAP_RUN_SIZE];
    const char *job;
    int state;
    uint64_t created_at_ns;
    uint64_t ended_at_ns;
    uint64_t items;  /* of its first source */
    uint64_t done;   /* of these */
    uint64_t failed; /* outcomes of nodes */
    size_t n_tags;
    const struct graphcap_tag *tags;
    const char *json;
};

/* All runs, newest first. */
struct graphcap_runs;
int graphcap_runs_open(struct graphcap *gc, const char *prefix, struct graphcap_runs **ret,
                       struct graphcap_error *error);
/* *ret is NULL at the end. */
int graphcap_runs_next(struct graphcap_runs *runs, const struct graphcap_run_row **ret,
                       struct graphcap_error *error);
void graphcap_runs_close(struct graphcap_runs **runs);

struct graphcap_worker_row {
    const char *name;
    const char *build; /* versions behind it */
    uint64_t slots;    /* executors */
    uint64_t leases;
    uint64_t done; /* tasks, since it joined */
    uint64_t silent_ns;
    uint64_t rss; /* bytes, with its children */
    int draining;
    const char *json;
};

/* The workers that are connected. */
struct graphcap_workers;
int graphcap_workers_open(struct graphcap *gc, struct graphcap_workers **ret, struct graphcap_error *error);
int graphcap_workers_next(struct graphcap_workers *workers, const struct graphcap_worker_row **ret,
                          struct graphcap_error *error);
void graphcap_workers_close(struct graphcap_workers **workers);

/* What the fleet can do, as JSON: {"build": "...", "ops": [{"name", "help", "scope", "traits", "inputs", "outputs", "config",
 * "shape"}, ...]}, sorted by name. */
int graphcap_catalogue_json(struct graphcap *gc, char **ret, struct graphcap_error *error);
/* How a run was planned: {"stages": [{"kind", "nodes", "steps": [{"node", "op", "command", ...}], ...}], "reasons": [{"node",
 * "text"}], "program"}. "program" does for one item what the stages do for all, with the same pixels: a text for a POSIX shell, in
 * the words of the vips command. */
int graphcap_plan_json(struct graphcap *gc, const char *run, char **ret, struct graphcap_error *error);
/* How the job would be planned, if it were submitted now; nothing is run. GRAPHCAP_INVALID: it was refused, its problems say why. */
int graphcap_plan_job_json(struct graphcap *gc, struct graphcap_job *job, char **ret,
                           struct graphcap_error *error);

/* ---- results ------------------------------------------------------------------------------------------------------------ */

struct graphcap_results_options {
    size_t size;
    const char *node;  /* NULL: every node but the sources */
    const char *after; /* a cursor of the same kind of walk (same node, same follow): goes on behind it */
    int follow; /* in the order in which results were committed, waiting for more until the run has ended;
                          else what is there, by item */
    uint64_t from_item; /* without `after` and `follow`: the first item */
};

/* The value that a node made for an item. */
struct graphcap_result {
    const char *node;
    uint64_t item; /* GRAPHCAP_NONE: of the run */
    const char
        *source; /* the item as listed: any bytes; NULL: of the run, or its manifest cannot be read here */
    size_t source_len;
    const char *value;  /* JSON */
    const char *cursor; /* opaque */
    const char *json;   /* {"run", "node", "item", "source", "value", "cursor"} */
};

/* Results are read from the coordinator in portions: memory does not grow with their number. */
struct graphcap_results;
int graphcap_results_open(struct graphcap *gc, const char *run,
                          const struct graphcap_results_options *options, struct graphcap_results **ret,
                          struct graphcap_error *error);
/* *ret is NULL at the end. After GRAPHCAP_INTERRUPTED the call may be repeated. */
int graphcap_results_next(struct graphcap_results *results, const struct graphcap_result **ret,
                          struct graphcap_error *error);
void graphcap_results_close(struct graphcap_results **results);

struct graphcap_failures_options {
    size_t size;
    const char *node; /* NULL: every node */
    int warnings;     /* items that were done with a warning of the decoder, instead of failed ones */
};

struct graphcap_failure {
    const char *node;
    uint64_t item; /* GRAPHCAP_NONE: of the run */
    const char *source;
    size_t source_len;
    const char *cause;      /* "damaged"; "warning" */
    const char *cause_text; /* the cause in words. Static */
    const char *message;
    const char *worker; /* NULL: not known */
    uint64_t attempts;
    const char *json; /* {"run", "node", "item", "source", "cause", "message", "worker", "attempts"} */
};

/* Failed items, by stage and item; memory as for results. */
struct graphcap_failures;
int graphcap_failures_open(struct graphcap *gc, const char *run,
                           const struct graphcap_failures_options *options, struct graphcap_failures **ret,
                           struct graphcap_error *error);
int graphcap_failures_next(struct graphcap_failures *failures, const struct graphcap_failure **ret,
                           struct graphcap_error *error);
void graphcap_failures_close(struct graphcap_failures **failures);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
