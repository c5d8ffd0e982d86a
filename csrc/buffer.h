/* A growable byte buffer with a ceiling, used by every part of the core. One thread uses
 * a buffer at a time.
 *
 * A buffer owns its bytes. It may be embedded in another struct; a buffer
 * whose bytes are all zero is empty and needs no release, but its ceiling is 0:
 * buffer_init comes before the first append.
 * Appending is the only thing that can fail: it fails when memory is short or
 * when the ceiling would be passed, and from then on the buffer stays `failed`
 * until it is reset, so that a row of appends needs one check at its end. */
#ifndef AOM_BUFFER_H
#define AOM_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Bytes that somebody else owns. Never NUL-terminated by promise. */
typedef struct slice {
  const char *data;
  size_t len;
} slice;

/* A name and its value: a header, or one pair of a query. */
typedef struct pair {
  slice name;
  slice value;
} pair;

typedef struct buffer {
  char *data; /* owned; NULL until the first append */
  size_t len;
  size_t cap;
  size_t max; /* len never passes it */
  bool failed;
  bool full;   /* it failed at the ceiling, and not because memory is short */
  bool secret; /* set it after buffer_init: growing leaves no copy behind, and
                * buffer_free wipes */
} buffer;

void buffer_init(buffer *b, size_t max);

/* These return false once the buffer has failed. */
bool buffer_append(buffer *b, const void *bytes, size_t len);
bool buffer_append_slice(buffer *b, slice bytes);
bool buffer_append_text(buffer *b, const char *text);
bool buffer_append_byte(buffer *b, char byte);

/* Makes room for `len` more bytes and returns where they go, or NULL. The
 * caller writes at most `len` bytes there and adds to b->len what it wrote. */
char *buffer_reserve(buffer *b, size_t len);

/* Ends the contents with a NUL that does not count in len; NULL on failure. */
const char *buffer_text(buffer *b);

slice buffer_slice(const buffer *b);

/* Empties it and keeps the memory for the next use; buffer_clear also wipes
 * what it held. */
void buffer_reset(buffer *b);
void buffer_clear(buffer *b);

/* Gives the memory back; that of a secret one is cleared first, all of it. */
void buffer_free(buffer *b);

#pragma GCC visibility pop

#endif
