/* Questions about single pieces of text, for all of the core. */
#ifndef AOM_TEXT_H
#define AOM_TEXT_H

#include "buffer.h"
#include <string.h>

#pragma GCC visibility push(hidden)

/* A slice of a literal, as an initialiser or after a cast to slice. */
#define TEXT(literal)                                                                    \
  { literal, sizeof literal - 1 }

bool text_equal(slice a, slice b);

/* `lower` is in lower case, `text` in any. */
bool text_starts_with(slice text, slice lower);

/* Takes spaces and tabs off both ends; the result's data is never NULL. */
slice text_trim(slice text);

/* Bytes below 0x20, and 0x7f. */
bool text_has_control(slice text);

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
