/* main.c - gc-worker, and the children that it makes of itself. */
#include <czmq.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/sys/log.h"
#include "worker/lister/lister.h"
#include "worker/loop.h"
#include "worker/pool/zygote.h"

#define MAX_SOCKETS 16 /* of czmq: the DEALER and what it makes for itself */

/* Descriptors: some for each executor, and for each output that is not published yet. */
static void set_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    mallopt(M_ARENA_MAX, 2);
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
    static char program[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0)
        return gc_fault_set(f, gc_err_from_errno(errno), "/proc/self/exe: %s", strerror(errno));
    enum gc_err err = gc_loop_init(&loop, settings, program, f);
    if (err == GC_OK)
        err = gc_loop_run(&loop, f);
    gc_loop_release(&loop);
    return err;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--zygote") == 0)
        return gc_zygote_main(argv[0], GC_ZYGOTE_FD);
    if (argc == 2 && strcmp(argv[1], "--lister") == 0)
        return gc_lister_main(GC_LISTER_FD);
    struct gc_settings settings;
    struct gc_fault f;
    int code;
    gc_settings_parse(argc, argv, &settings, &code);
    if (code >= 0)
        return code;
    gc_log_init("gc-worker", settings.log_level);
    gc_fault_clear(&f);
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
