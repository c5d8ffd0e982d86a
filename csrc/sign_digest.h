/* The two hashes of request signing and the HMACs made with them, over OpenSSL.
 * The algorithm objects are fetched once for the process; contexts are made once
 * for a signer and used again for every message. Every function that can fail
 * returns false then, and leaves OpenSSL's error queue as OpenSSL filled it. */
#ifndef AOM_SIGN_DIGEST_H
#define AOM_SIGN_DIGEST_H

#include "buffer.h"
#include <openssl/types.h>

#pragma GCC visibility push(hidden)

typedef enum digest_kind { DIGEST_SHA256, DIGEST_SM3, DIGEST_KIND_COUNT } digest_kind;

/* Both hashes have the same sizes. */
enum { DIGEST_LEN = 32, DIGEST_BLOCK = 64, DIGEST_HEX_LEN = 64 };

/* "SHA256", as OpenSSL calls it. */
const char *digest_name(digest_kind kind);

/* The hash of no bytes at all, in hex. */
slice digest_of_nothing(digest_kind kind);

/* Lower case, 2 * len bytes, no NUL. Returns the end of what it wrote. */
char *digest_hex(char *out, const unsigned char *bytes, size_t len);

void digest_wipe(void *bytes, size_t len);

/* A context to hash with. All bytes zero: nothing to free. */
typedef struct hasher {
  const EVP_MD *algorithm; /* the process's own */
  EVP_MD_CTX *context;     /* owned */
  bool begun;              /* for the next message */
} hasher;

bool hasher_init(hasher *h, digest_kind kind);
bool hasher_begin(hasher *h); /* ahead of the next message */
bool hasher_hash(hasher *h, slice message, unsigned char out[DIGEST_LEN]);
void hasher_free(hasher *h);

/* HMAC with a key that is set once. `inner` and `outer` have already taken in
 * the key's two padded blocks; each message starts from a hasher's copies of them. That
 * is the fastest way OpenSSL 3.0 offers, and does not depend on EVP_MAC_init without a
 * key starting afresh, which its first releases do not do. */
typedef struct hmac {
  EVP_MD_CTX *inner; /* all owned; freeing them wipes them */
  EVP_MD_CTX *outer;
  EVP_MD_CTX *next_inner, *next_outer; /* copies of its own; NULL: none was made ahead */
  bool begun;                          /* they are for the next message */
} hmac;

/* May be called again with another key. */
bool hmac_set_key(hmac *h, digest_kind kind, slice key);
bool hmac_begin(hmac *h); /* ahead of the next message, which then needs no hasher */
bool hmac_sign(hmac *h, hasher *work, slice message, unsigned char out[DIGEST_LEN]);
void hmac_free(hmac *h);

/* Sets a key, signs one message, forgets the key. */
bool hmac_once(digest_kind kind, slice key, slice message, unsigned char out[DIGEST_LEN]);

#pragma GCC visibility pop

#endif
