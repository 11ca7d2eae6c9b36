/* main.c - gc-coordinator. */
#include <czmq.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/sys/log.h"
#include "coordinator/loop.h"

/* Sockets of this process: the ROUTER and what czmq makes for itself. Connections are no sockets in this sense. */
#define MAX_SOCKETS 16

static void set_limits(void)
{
    /* Units are made by one thread and freed by another: with an arena a thread, memory would be kept twice. */
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    /* A connection is a descriptor. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static void set_up_zmq(void)
{
    zsys_handler_set(NULL); /* signals are ours: before the first socket, else czmq takes them */
    zsys_set_max_sockets(MAX_SOCKETS);
    zsys_set_io_threads(1);
}

static enum gc_err serve(const struct gc_settings *settings, struct gc_fault *f)
{
    static struct gc_loop loop;
    enum gc_err err = gc_loop_init(&loop, settings, f);
    if (err == GC_OK)
        err = gc_loop_run(&loop, f);
    gc_loop_release(&loop);
    return err;
}

int main(int argc, char **argv)
{
    struct gc_settings settings;
    struct gc_fault f;
    int code;
    gc_settings_parse(argc, argv, &settings, &code);
    if (code >= 0)
        return code;
    gc_log_init("gc-coordinator", settings.log_level);
    gc_fault_clear(&f);
    settings.user_mask = umask(077); /* what a state folder holds is its owner's */
    set_limits();
    set_up_zmq();
    enum gc_err err =
        sodium_init() < 0 ? gc_fault_set(&f, GC_ERR_INTERNAL, "libsodium does not start") : GC_OK;
    if (err == GC_OK)
        err = serve(&settings, &f);
    if (err == GC_OK)
        gc_log_bare(GC_LOG_INFO, "ended");
    else
        gc_log(GC_LOG_ERROR, "failed", gc_kv_err(err), gc_kv_text(&f));
    zsys_shutdown();
    return gc_err_exit(err);
}
