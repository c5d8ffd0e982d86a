/* Signing keys that are not the secret key itself: the elliptic-curve pair made
 * from an access key, and the V11 key that holds for one scope of date, region
 * and service. Failure: as in sign_digest.h. */
#ifndef AOM_SIGN_KEY_H
#define AOM_SIGN_KEY_H

#include "sign_digest.h"

#pragma GCC visibility push(hidden)

/* P-256 with SHA-256, or SM2 with SM3: the digest decides. The caller frees. */
EVP_PKEY *key_derive_elliptic(digest_kind kind, slice algorithm, slice ak, slice sk);

/* Signs with a key of key_derive_elliptic: a DER sequence of r and s. */
enum { KEY_SIGNATURE_MAX = 80 };
bool key_sign_elliptic(EVP_PKEY *key, digest_kind kind, slice message,
                       unsigned char out[KEY_SIGNATURE_MAX], size_t *len);

/* Keys `mac` for the scope "date/region/service". */
bool key_derive_v11(slice ak, slice sk, slice scope, hmac *mac);

#pragma GCC visibility pop

#endif
