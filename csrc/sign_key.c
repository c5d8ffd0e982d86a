#include "sign_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

/* What the standard of SM2 calls the signer's identity. The gateway expects the
 * value that is used where no identity was agreed; OpenSSL's own is empty. */
static const char sm2_identity[] = "1234567812345678";

enum { POINT_LEN = 1 + 2 * DIGEST_LEN };

typedef struct curve {
  const char *type; /* of the EVP_PKEY */
  const char *name;
  int nid;
} curve;

static curve curve_of(digest_kind kind) {
  if (kind == DIGEST_SM3)
    return (curve){"SM2", "SM2", NID_sm2};
  return (curve){"EC", "prime256v1", NID_X9_62_prime256v1};
}

/* The bytes whose HMAC is a candidate: the form NIST SP 800-108 gives them, a
 * block number, a label, zero, the context and the wanted length in bits. */
static bool candidate_input(buffer *out, slice algorithm, slice ak,
                            unsigned char counter) {
  buffer_append(out, "\0\0\0\1", 4);
  buffer_append_slice(out, algorithm);
  buffer_append_byte(out, '\0');
  buffer_append_slice(out, ak);
  buffer_append(out, &counter, 1);
  return buffer_append(out, "\0\0\1\0", 4);
}

static bool scalar_candidate(digest_kind kind, slice algorithm, slice ak, slice sk,
                             unsigned char counter, BIGNUM *out) {
  unsigned char bytes[DIGEST_LEN];
  buffer input;
  buffer_init(&input, ak.len + 64);
  bool ok = candidate_input(&input, algorithm, ak, counter) &&
            hmac_once(kind, sk, buffer_slice(&input), bytes) &&
            BN_bin2bn(bytes, DIGEST_LEN, out) != NULL;
  digest_wipe(bytes, sizeof bytes);
  buffer_free(&input);
  return ok;
}

/* The first candidate that is at most order - 2, plus one: evenly spread over
 * 1 .. order - 1. A second round is a matter of one key in 2^32. */
static bool find_scalar(digest_kind kind, slice algorithm, slice ak, slice sk,
                        const EC_GROUP *group, BIGNUM *out) {
  BIGNUM *last = BN_dup(EC_GROUP_get0_order(group));
  bool found = false;
  bool ok = last != NULL && BN_sub_word(last, 2) == 1;
  for (unsigned counter = 0; ok && !found && counter <= 255; counter++) {
    ok = scalar_candidate(kind, algorithm, ak, sk, (unsigned char)counter, out);
    found = ok && BN_cmp(out, last) <= 0;
  }
  BN_free(last);
  return found && BN_add_word(out, 1) == 1;
}

static bool public_point(const EC_GROUP *group, const BIGNUM *scalar,
                         unsigned char out[POINT_LEN]) {
  EC_POINT *point = EC_POINT_new(group);
  bool ok = point != NULL && EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1 &&
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out,
                               POINT_LEN, NULL) == POINT_LEN;
  EC_POINT_free(point);
  return ok;
}

static OSSL_PARAM *pair_params(const curve *c, const BIGNUM *scalar,
                               const unsigned char point[POINT_LEN]) {
  OSSL_PARAM *params = NULL;
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  if (build != NULL &&
      OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, c->name, 0) &&
      OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                       POINT_LEN) &&
      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar))
    params = OSSL_PARAM_BLD_to_param(build);
  OSSL_PARAM_BLD_free(build);
  return params;
}

static EVP_PKEY *make_pair(const curve *c, const BIGNUM *scalar,
                           const unsigned char point[POINT_LEN]) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *params = pair_params(c, scalar, point);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, c->type, NULL);
  if (params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
      EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params) != 1)
    key = NULL;
  EVP_PKEY_CTX_free(context);
  /* The builder keeps a secret number in ordinary memory of the array. */
  OSSL_PARAM *secret =
      params == NULL ? NULL : OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_PRIV_KEY);
  if (secret != NULL)
    digest_wipe(secret->data, secret->data_size);
  OSSL_PARAM_free(params);
  return key;
}

EVP_PKEY *key_derive_elliptic(digest_kind kind, slice algorithm, slice ak, slice sk) {
  const curve c = curve_of(kind);
  unsigned char point[POINT_LEN];
  EVP_PKEY *key = NULL;
  EC_GROUP *group = EC_GROUP_new_by_curve_name(c.nid);
  BIGNUM *scalar = BN_new();
  if (group != NULL && scalar != NULL) {
    BN_set_flags(scalar, BN_FLG_CONSTTIME);
    if (find_scalar(kind, algorithm, ak, sk, group, scalar) &&
        public_point(group, scalar, point))
      key = make_pair(&c, scalar, point);
  }
  BN_clear_free(scalar);
  EC_GROUP_free(group);
  return key;
}

bool key_sign_elliptic(EVP_PKEY *key, digest_kind kind, slice message,
                       unsigned char out[KEY_SIGNATURE_MAX], size_t *len) {
  EVP_PKEY_CTX *settings = NULL; /* belongs to `context` */
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  *len = KEY_SIGNATURE_MAX;
  bool ok = context != NULL &&
            EVP_DigestSignInit_ex(context, &settings, digest_name(kind), NULL, NULL, key,
                                  NULL) == 1 &&
            (kind != DIGEST_SM3 || EVP_PKEY_CTX_set1_id(settings, sm2_identity,
                                                        sizeof sm2_identity - 1) == 1) &&
            EVP_DigestSign(context, out, len, (const unsigned char *)message.data,
                           message.len) == 1;
  EVP_MD_CTX_free(context);
  return ok;
}

/* HKDF (RFC 5869) with the access key as salt, the secret as key material and
 * the scope as info; one block is all that 32 bytes need. */
static bool expand_v11(slice ak, slice sk, slice scope, unsigned char out[DIGEST_LEN]) {
  unsigned char extracted[DIGEST_LEN];
  buffer info;
  buffer_init(&info, scope.len + 1);
  buffer_append_slice(&info, scope);
  bool ok = buffer_append_byte(&info, 1) && hmac_once(DIGEST_SHA256, ak, sk, extracted) &&
            hmac_once(DIGEST_SHA256, (slice){(const char *)extracted, DIGEST_LEN},
                      buffer_slice(&info), out);
  digest_wipe(extracted, sizeof extracted);
  buffer_free(&info);
  return ok;
}

bool key_derive_v11(slice ak, slice sk, slice scope, hmac *mac) {
  unsigned char okm[DIGEST_LEN];
  char hex[DIGEST_HEX_LEN];
  /* The gateway keys the HMAC with the text of the derived bytes, not with them. */
  bool ok = expand_v11(ak, sk, scope, okm);
  if (ok) {
    digest_hex(hex, okm, sizeof okm);
    ok = hmac_set_key(mac, DIGEST_SHA256, (slice){hex, sizeof hex});
  }
  digest_wipe(okm, sizeof okm);
  digest_wipe(hex, sizeof hex);
  return ok;
}
