/* The texts of one signature: request target, canonical request, string to
 * sign. They live in the sign_output. */
#ifndef AOM_SIGN_CANONICAL_H
#define AOM_SIGN_CANONICAL_H

#include "sign.h"
#include "sign_headers.h"

#pragma GCC visibility push(hidden)

/* Fills target, canonical and signed_headers from a filled set. */
sign_status canonical_write(sign_output *out, const sign_request *request,
                            const header_set *set, digest_kind digest, hasher *hash);

/* Fills string_to_sign. `scope` is a line of its own for V11 and else empty. */
sign_status string_to_sign_write(sign_output *out, slice algorithm, slice date,
                                 slice scope, hasher *hash);

#pragma GCC visibility pop

#endif
