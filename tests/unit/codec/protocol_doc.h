/* The parts of proto/PROTOCOL.md that are made from the tables and by the codec: the limits, the sets, the records and messages field
 * by field, and a worked example in hex. Each part stands in the document between
 *     <!-- made: NAME -->   and   <!-- end: NAME -->
 */
#ifndef GC_TESTS_CODEC_PROTOCOL_DOC_H
#define GC_TESTS_CODEC_PROTOCOL_DOC_H

#include <stddef.h>
#include <stdio.h>

#include "proto/message.h"

struct doc_part {
    const char *name;
    void (*write)(FILE *out);
};

extern const struct doc_part doc_parts[];
extern const size_t doc_n_parts;

/* The messages of the worked example, in order. Static memory. */
#define DOC_EXAMPLES 5
void doc_example(size_t i, struct gc_msg *ret);

/* The document with its made parts made anew; to be freed. NULL where a part's marks are missing (*ret_missing says which). */
char *doc_remade(const char *text, const char **ret_missing);

#endif
