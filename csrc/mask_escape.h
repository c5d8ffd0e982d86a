/* Escapes, and what they stand for: of URLs, and of JSON and its kin. Pure. */
#ifndef AOM_MASK_ESCAPE_H
#define AOM_MASK_ESCAPE_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* The next bytes of a text, and what they stand for. An escape is always longer than
 * that. */
typedef struct escape_unit {
  size_t taken;
  size_t len;
  char bytes[4];
} escape_unit;

/* One way to encode. `read` takes one escape, or one byte that is none. */
typedef struct escape_kind {
  char sign; /* a text without it has no escapes */
  escape_unit (*read)(slice text, size_t at);
} escape_kind;

enum { ESCAPE_KINDS = 2 };
extern const escape_kind escape_kinds[ESCAPE_KINDS];

#pragma GCC visibility pop

#endif
