/* Small questions about text that signing, the engine and the bindings all ask. Pure:
 * nothing here allocates, keeps a slice, or fails. */
#ifndef AOM_TEXT_H
#define AOM_TEXT_H

#include "buffer.h"
#include <string.h>

#pragma GCC visibility push(hidden)

/* A slice of a literal, as an initialiser or after a cast to slice. */
#define TEXT(literal)                                                                    \
  { literal, sizeof literal - 1 }

static inline bool text_equal(slice a, slice b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Both take `lower` in lower case and `text` in any. */
bool text_starts_with(slice text, slice lower);
bool text_equals_lower(slice text, slice lower);

static inline bool text_is_blank(char byte) { return byte == ' ' || byte == '\t'; }

/* Takes blanks off both ends; the result's data is never NULL. */
slice text_trim(slice text);

/* Bytes below 0x20, and 0x7f. */
bool text_has_control(slice text);

/* Whether it can be a header's value: with no control byte but tabs (RFC 9110). */
bool text_is_field_value(slice text);

/* Writes an HTTP token (RFC 9110: letters, digits, a few signs; not empty) in
 * lower or upper case to `out`, text.len bytes. False when it is none. */
bool text_lower_token(slice text, char *out);
bool text_upper_token(slice text, char *out);

/* YYYYMMDDTHHMMSSZ, and a day and time that exist. */
bool text_is_date(slice text);

/* Copies and returns the end of the copy. The caller has made room. */
static inline char *text_put(char *at, slice text) {
  if (text.len > 0)
    memcpy(at, text.data, text.len);
  return at + text.len;
}

#pragma GCC visibility pop

#endif
