#include "sign_signer.h"
#include "mask.h"
#include "sign_key.h"
#include "text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const algorithm algorithms[SIGN_ALGORITHM_COUNT] = {
    [SIGN_HMAC_SHA256] = {TEXT("SDK-HMAC-SHA256"), DIGEST_SHA256, false, false},
    [SIGN_HMAC_SM3] = {TEXT("SDK-HMAC-SM3"), DIGEST_SM3, false, false},
    [SIGN_ECDSA_P256] = {TEXT("SDK-ECDSA-P256-SHA256"), DIGEST_SHA256, true, false},
    [SIGN_SM2_SM3] = {TEXT("SDK-SM2-SM3"), DIGEST_SM3, true, false},
    [SIGN_V11_HMAC_SHA256] = {TEXT("V11-HMAC-SHA256"), DIGEST_SHA256, false, true},
};

bool sign_algorithm_find(slice name, sign_algorithm *found) {
  for (int id = 0; id < SIGN_ALGORITHM_COUNT; id++)
    if (text_equal(algorithms[id].name, name)) {
      *found = (sign_algorithm)id;
      return true;
    }
  return false;
}

const char *sign_algorithm_name(sign_algorithm id) { return algorithms[id].name.data; }

/* The gateway would read a line end in any of these as one of its own. */
static bool is_usable_key(const signer_key *key) {
  bool scoped = algorithms[key->algorithm].scoped;
  if (key->ak.len == 0 || key->sk.len == 0)
    return false;
  if (scoped && (key->region.len == 0 || key->service.len == 0))
    return false;
  return !text_has_control(key->ak) && !text_has_control(key->security_token) &&
         !text_has_control(key->region) && !text_has_control(key->service);
}

static slice keep_text(char **at, slice text) {
  slice kept = {*at, text.len};
  *at = text_put(*at, text);
  return kept;
}

/* All texts in one block of their exact size: nothing to grow, so no copy of the
 * secret is left anywhere, and one wipe ends them all. */
static bool copy_texts(signer *s, const signer_key *key) {
  size_t scope = SCOPE_DATE_LEN + 1 + key->region.len + 1 + key->service.len;
  s->store_len = key->ak.len + key->sk.len + key->security_token.len + scope;
  s->store = calloc(1, s->store_len);
  if (s->store == NULL)
    return false;
  char *at = s->store;
  s->ak = keep_text(&at, key->ak);
  s->sk = keep_text(&at, key->sk);
  s->security_token = keep_text(&at, key->security_token);
  if (s->algorithm->scoped) {
    s->scope = (slice){at, scope};
    at += SCOPE_DATE_LEN;
    at = text_put(at, (slice)TEXT("/"));
    at = text_put(at, key->region);
    at = text_put(at, (slice)TEXT("/"));
    text_put(at, key->service);
  }
  return true;
}

static bool prepare_keys(signer *s) {
  const algorithm *a = s->algorithm;
  if (!hasher_init(&s->hash, a->digest))
    return false;
  if (a->scoped)
    return true;
  if (!a->elliptic)
    return hmac_set_key(&s->mac, a->digest, s->sk);
  s->key = key_derive_elliptic(a->digest, a->name, s->ak, s->sk);
  return s->key != NULL;
}

/* A digest that OpenSSL has found, or what it has made for it, can be begun and copied
 * unless memory is short. */
static bool is_of_memory(unsigned long error) {
  int reason = ERR_GET_REASON(error);
  return reason == ERR_R_MALLOC_FAILURE ||
         (ERR_GET_LIB(error) == ERR_LIB_EVP &&
          (reason == EVP_R_INITIALIZATION_ERROR || reason == EVP_R_NOT_ABLE_TO_COPY_CTX));
}

/* OpenSSL queues a lack of memory before the failures that come of it, so all entries are
 * looked at. Version 3.0 does not always queue it. */
sign_status signer_crypto_failure(void) {
  unsigned long error = ERR_get_error();
  bool lacks_memory = error == 0;
  for (; error != 0; error = ERR_get_error())
    lacks_memory = lacks_memory || is_of_memory(error);
  ERR_clear_error(); /* what has been read keeps its texts */
  return lacks_memory ? SIGN_NO_MEMORY : SIGN_CRYPTO;
}

static sign_status prepare_signer(signer *s, const signer_key *key) {
  if (!copy_texts(s, key))
    return SIGN_NO_MEMORY;
  sign_status status = prepare_keys(s) ? SIGN_OK : signer_crypto_failure();
  /* OpenSSL gets over some of its errors, and leaves them in the queue even so. */
  ERR_clear_error();
  return status;
}

signer *signer_new(const signer_key *key, sign_status *status) {
  signer *s = NULL;
  *status = SIGN_BAD_KEY;
  if (!is_usable_key(key))
    return NULL;
  *status = SIGN_NO_MEMORY;
  s = calloc(1, sizeof *s);
  if (s == NULL)
    return NULL;
  s->algorithm = &algorithms[key->algorithm];
  *status = prepare_signer(s, key);
  if (*status == SIGN_OK)
    return s;
  signer_free(s);
  return NULL;
}

signer *signer_new_scoped(const signer *s, slice region, slice service,
                          sign_status *status) {
  signer_key key = {.ak = s->ak,
                    .sk = s->sk,
                    .security_token = s->security_token,
                    .region = region,
                    .service = service,
                    .algorithm = (sign_algorithm)(s->algorithm - algorithms)};
  return signer_new(&key, status);
}

void signer_free(signer *s) {
  if (s == NULL)
    return;
  header_set_free(&s->headers);
  EVP_PKEY_free(s->key);
  hmac_free(&s->mac);
  hasher_free(&s->hash);
  if (s->store != NULL)
    digest_wipe(s->store, s->store_len);
  free(s->store);
  free(s);
}

bool signer_enter_scope(signer *s, const char date[SCOPE_DATE_LEN]) {
  /* The slice is read-only for those who read it; the bytes are the signer's. */
  char *kept = s->store + (s->scope.data - s->store);
  if (memcmp(kept, date, SCOPE_DATE_LEN) == 0)
    return true;
  memcpy(kept, date, SCOPE_DATE_LEN);
  if (key_derive_v11(s->ak, s->sk, s->scope, &s->mac))
    return true;
  memset(kept, 0, SCOPE_DATE_LEN);
  return false;
}

slice signer_ak(const signer *s) { return s->ak; }

/* The label keeps this apart from everything that is ever sent as a signature. */
sign_status signer_fingerprint(const signer *s, char out[SIGNER_FINGERPRINT_LEN]) {
  static const slice label = TEXT("lua-aom fingerprint of a key pair\n");
  unsigned char mac[DIGEST_LEN];
  buffer named;
  buffer_init(&named, label.len + s->ak.len);
  buffer_append_slice(&named, label);
  sign_status status = SIGN_NO_MEMORY;
  if (buffer_append_slice(&named, s->ak))
    status = hmac_once(DIGEST_SHA256, s->sk, buffer_slice(&named), mac)
                 ? SIGN_OK
                 : signer_crypto_failure();
  if (status == SIGN_OK)
    digest_hex(out, mac, SIGNER_FINGERPRINT_LEN / 2);
  buffer_free(&named);
  ERR_clear_error();
  return status;
}

/* Whether a name is like an access key, or too short to be a secret: a secret key that
 * was given in its place is longer, or has other characters. */
static bool is_shown_ak(slice ak) {
  enum { SHORT = 7, LONGEST = 32 };
  if (ak.len <= SHORT)
    return true;
  for (size_t i = 0; i < ak.len; i++) {
    char byte = ak.data[i];
    if (!(byte >= 'A' && byte <= 'Z') && !(byte >= '0' && byte <= '9'))
      return false;
  }
  return ak.len <= LONGEST;
}

bool signer_mask(const signer *s, slice text, buffer *out) {
  const slice secrets[] = {s->sk, s->security_token, s->ak};
  return mask_text(text, secrets, is_shown_ak(s->ak) ? 2 : 3, out);
}
