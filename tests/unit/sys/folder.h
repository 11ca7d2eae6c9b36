/* A temporary folder for a test: made before it, removed with all that is in it behind it. */
#ifndef GC_TESTS_UNIT_SYS_FOLDER_H
#define GC_TESTS_UNIT_SYS_FOLDER_H

/* Its path, good until the process ends. Removed at exit by the process that made it. */
const char *folder_make(void);

/* PATH/NAME of the folder; one of eight static buffers in turn. */
const char *folder_path(const char *name);

#endif
