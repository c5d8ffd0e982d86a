/* Inside of a signer, for the signing files only. */
#ifndef AOM_SIGN_SIGNER_H
#define AOM_SIGN_SIGNER_H

#include "sign.h"
#include "sign_digest.h"
#include "sign_headers.h"

#pragma GCC visibility push(hidden)

typedef struct algorithm {
  slice name;
  digest_kind digest;
  bool elliptic; /* else HMAC */
  bool scoped;   /* V11 */
} algorithm;

enum { SCOPE_DATE_LEN = 8 };

struct signer {
  const algorithm *algorithm;
  char *store; /* owned; every slice below points into it; wiped */
  size_t store_len;
  slice ak;
  slice sk;
  slice security_token;
  slice scope; /* "YYYYMMDD/region/service" where it applies, the date to fill in */

  hasher hash;
  hmac mac;           /* keyed once, or for V11 once a date */
  EVP_PKEY *key;      /* elliptic curves only; owned */
  header_set headers; /* scratch of signer_sign */
};

/* Makes `mac` the key for the date that starts `date`. Failure leaves no date,
 * so that the next call starts afresh. */
bool signer_enter_scope(signer *s, const char date[SCOPE_DATE_LEN]);

/* SIGN_CRYPTO, or SIGN_NO_MEMORY where that is the cause. Empties OpenSSL's queue. */
sign_status signer_crypto_failure(void);

#pragma GCC visibility pop

#endif
