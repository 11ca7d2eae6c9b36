/* library.c - what the library knows of itself: its file and the versions it was built with and runs with. */
#include <czmq.h>
#include <dlfcn.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/graphcap.h"
#include "client/private.h"
#include "common/version.h"

char *gc_private_library(void)
{
    Dl_info info;
    static const char here =
        0; /* an object of this library; of a function, ISO C gives no address as void * */
    if (!dladdr(&here, &info) || !info.dli_fname)
        return NULL;
    return realpath(info.dli_fname, NULL);
}

const char *graphcap_version(void)
{
    return GC_VERSION;
}

static char versions[256];

static void make_versions(void)
{
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    (void)snprintf(versions, sizeof versions, "graphcap %s, libzmq %d.%d.%d, czmq %d.%d.%d, jansson %s",
                   GC_VERSION, major, minor, patch, CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR,
                   CZMQ_VERSION_PATCH, jansson_version_str());
}

const char *graphcap_versions(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_versions);
    return versions;
}
