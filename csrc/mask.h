/* Hides secrets in text that others wrote. Encoders stand between a secret and the text
 * that echoes it: a URL has percent-encoding, JSON has backslashes, and one may hold the
 * other. A secret is found behind up to three of them, in any order, also where an
 * encoder left some bytes as they were. The time is linear in the text. */
#ifndef AOM_MASK_H
#define AOM_MASK_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

enum { MASK_MAX_SECRETS = 8 };

/* Appends `text` to `out`, every occurrence of a secret replaced by "***". What secrets
 * that overlap cover together is replaced as one. Empty secrets are passed over; `count`
 * is at most MASK_MAX_SECRETS. False when memory is short. */
bool mask_text(slice text, const slice *secrets, size_t count, buffer *out);

#pragma GCC visibility pop

#endif
