/* executor.h - the child in which image code runs. It is forked from the zygote, sealed, and told what to do by its tender over a
 * socket (share.h). It opens no file and trusts its memory limit to end it when an image wants too much. */
#ifndef GC_POOL_EXECUTOR_H
#define GC_POOL_EXECUTOR_H

/* Seals the process, serves the tender, returns the exit status: 0 once the tender has gone. */
int gc_executor_main(int sock, int memory);

#endif
