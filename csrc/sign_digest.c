#include "sign_digest.h"
#include "sign.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

/* Fetched at first use, in any thread, and never freed: all signers of the process share
 * them. One that OpenSSL does not offer, or had no memory for, is asked for again. */
static _Atomic(EVP_MD *) fetched[DIGEST_KIND_COUNT];

/* OpenSSL 3.0 crashes where it fetches without its own context, which it makes once. */
static EVP_MD *fetch(digest_kind kind) {
  return OSSL_LIB_CTX_get0_global_default() ? EVP_MD_fetch(NULL, digest_name(kind), NULL)
                                            : NULL;
}

static const EVP_MD *algorithm_of(digest_kind kind) {
  EVP_MD *known = atomic_load(&fetched[kind]);
  if (known)
    return known;
  EVP_MD *made = fetch(kind);
  if (!made || atomic_compare_exchange_strong(&fetched[kind], &known, made))
    return made;
  EVP_MD_free(made); /* another thread was faster */
  return known;
}

const char *digest_name(digest_kind kind) {
  return kind == DIGEST_SM3 ? "SM3" : "SHA256";
}

slice digest_of_nothing(digest_kind kind) {
  static const char sha256[] =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  static const char sm3[] =
      "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b";
  return (slice){kind == DIGEST_SM3 ? sm3 : sha256, DIGEST_HEX_LEN};
}

char *digest_hex(char *out, const unsigned char *bytes, size_t len) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < len; i++) {
    *out++ = digits[bytes[i] >> 4];
    *out++ = digits[bytes[i] & 15];
  }
  return out;
}

void digest_wipe(void *bytes, size_t len) { OPENSSL_cleanse(bytes, len); }

bool hasher_init(hasher *h, digest_kind kind) {
  h->begun = false;
  h->algorithm = algorithm_of(kind);
  if (h->context == NULL)
    h->context = EVP_MD_CTX_new();
  return h->algorithm != NULL && h->context != NULL;
}

bool hasher_begin(hasher *h) {
  h->begun = h->begun || EVP_DigestInit_ex2(h->context, h->algorithm, NULL) == 1;
  return h->begun;
}

/* Hashes the message behind what the context has taken in. */
static bool finish(EVP_MD_CTX *context, slice message, unsigned char out[DIGEST_LEN]) {
  return EVP_DigestUpdate(context, message.data, message.len) == 1 &&
         EVP_DigestFinal_ex(context, out, NULL) == 1;
}

bool hasher_hash(hasher *h, slice message, unsigned char out[DIGEST_LEN]) {
  bool ok = hasher_begin(h);
  h->begun = false;
  return ok && finish(h->context, message, out);
}

void hasher_free(hasher *h) {
  EVP_MD_CTX_free(h->context);
  *h = (hasher){0};
}

static bool make_two(EVP_MD_CTX **inner, EVP_MD_CTX **outer) {
  if (*inner == NULL)
    *inner = EVP_MD_CTX_new();
  if (*outer == NULL)
    *outer = EVP_MD_CTX_new();
  return *inner != NULL && *outer != NULL;
}

static bool take_pad(EVP_MD_CTX *context, const EVP_MD *algorithm,
                     const unsigned char key[DIGEST_BLOCK], unsigned char mask) {
  unsigned char pad[DIGEST_BLOCK];
  for (size_t i = 0; i < DIGEST_BLOCK; i++)
    pad[i] = key[i] ^ mask;
  bool ok = EVP_DigestInit_ex2(context, algorithm, NULL) == 1 &&
            EVP_DigestUpdate(context, pad, sizeof pad) == 1;
  OPENSSL_cleanse(pad, sizeof pad);
  return ok;
}

/* A key longer than the hash's block is replaced by its hash (RFC 2104). */
static bool fit_key(hasher *h, slice key, unsigned char block[DIGEST_BLOCK]) {
  memset(block, 0, DIGEST_BLOCK);
  if (key.len > DIGEST_BLOCK)
    return hasher_hash(h, key, block);
  if (key.len > 0)
    memcpy(block, key.data, key.len);
  return true;
}

bool hmac_set_key(hmac *h, digest_kind kind, slice key) {
  unsigned char block[DIGEST_BLOCK];
  const EVP_MD *algorithm = algorithm_of(kind);
  h->begun = false;
  if (algorithm == NULL || !make_two(&h->inner, &h->outer))
    return false;
  bool ok = fit_key(&(hasher){algorithm, h->inner, false}, key, block) &&
            take_pad(h->inner, algorithm, block, 0x36) &&
            take_pad(h->outer, algorithm, block, 0x5c);
  OPENSSL_cleanse(block, sizeof block);
  return ok;
}

bool hmac_begin(hmac *h) {
  h->begun = h->begun || (make_two(&h->next_inner, &h->next_outer) &&
                          EVP_MD_CTX_copy_ex(h->next_inner, h->inner) == 1 &&
                          EVP_MD_CTX_copy_ex(h->next_outer, h->outer) == 1);
  return h->begun;
}

static bool finish_copy(hasher *work, const EVP_MD_CTX *start, slice message,
                        unsigned char out[DIGEST_LEN]) {
  work->begun = false;
  return EVP_MD_CTX_copy_ex(work->context, start) == 1 &&
         finish(work->context, message, out);
}

bool hmac_sign(hmac *h, hasher *work, slice message, unsigned char out[DIGEST_LEN]) {
  slice hash = {(const char *)out, DIGEST_LEN};
  bool begun = h->begun;
  h->begun = false;
  if (begun)
    return finish(h->next_inner, message, out) && finish(h->next_outer, hash, out);
  return finish_copy(work, h->inner, message, out) &&
         finish_copy(work, h->outer, hash, out);
}

void hmac_free(hmac *h) {
  EVP_MD_CTX_free(h->inner);
  EVP_MD_CTX_free(h->outer);
  EVP_MD_CTX_free(h->next_inner);
  EVP_MD_CTX_free(h->next_outer);
  *h = (hmac){0};
}

bool hmac_once(digest_kind kind, slice key, slice message,
               unsigned char out[DIGEST_LEN]) {
  hmac h = {0};
  hasher work = {0};
  bool ok = hasher_init(&work, kind) && hmac_set_key(&h, kind, key) &&
            hmac_sign(&h, &work, message, out);
  hasher_free(&work);
  hmac_free(&h);
  return ok;
}

const char *sign_openssl_built(void) { return OPENSSL_VERSION_STR; }

const char *sign_openssl_running(void) { return OpenSSL_version(OPENSSL_VERSION_STRING); }

double sign_random(void) {
  uint64_t bits;
  if (RAND_bytes((unsigned char *)&bits, sizeof bits) != 1) {
    ERR_clear_error();
    return -1.0;
  }
  /* A double holds 53 bits exactly. */
  return (double)(bits >> 11) * (1.0 / 9007199254740992.0);
}
