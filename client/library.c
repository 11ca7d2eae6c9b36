/* library.c - what the library knows of itself: its file and the versions it was built with and runs with. */
#include <czmq.h>
#include <dlfcn.h>
#include <jansson.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/graphcap.h"
#include "client/private.h"
#include "client/spec/spec.h"
#include "common/version.h"
#include "proto/codec.h"

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
    (void)snprintf(versions, sizeof versions,
                   "graphcap %s, libzmq %d.%d.%d, czmq %d.%d.%d, %s, jansson %s, libyaml %s, libsodium %s",
                   GC_VERSION, major, minor, patch, CZMQ_VERSION_MAJOR, CZMQ_VERSION_MINOR,
                   CZMQ_VERSION_PATCH, gc_codec_library(), jansson_version_str(), gc_spec_yaml_version(),
                   sodium_version_string());
}

const char *graphcap_versions(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_versions);
    return versions;
}
