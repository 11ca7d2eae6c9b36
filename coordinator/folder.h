/* folder.h - whether a folder is, or may become, the state folder of a coordinator. */
#ifndef GC_COORDINATOR_FOLDER_H
#define GC_COORDINATOR_FOLDER_H

#include <stdbool.h>

#include "common/error.h"

/* An empty folder may become one (*ret_new; its mode becomes 0700). Refused: a missing one, somebody else's, one that holds other
 * things, and one that holds what a coordinator left but not its database: that is never started anew in silence. */
enum gc_err gc_folder_check(const char *path, bool *ret_new, struct gc_fault *f) GC_MUST_CHECK;

#endif
