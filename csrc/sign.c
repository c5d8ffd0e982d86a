#include "sign.h"
#include "sign_canonical.h"
#include "sign_key.h"
#include "sign_signer.h"
#include "text.h"

#include <openssl/err.h>

const char *sign_status_text(sign_status status) {
  static const char *const texts[SIGN_STATUS_COUNT] = {
      [SIGN_OK] = "no error",
      [SIGN_NO_MEMORY] = "out of memory",
      [SIGN_TOO_LARGE] = "the request is too large to sign",
      [SIGN_CRYPTO] = "an OpenSSL operation failed",
      [SIGN_BAD_DATE] = "the date is not a valid time in the form YYYYMMDDTHHMMSSZ",
      [SIGN_DUPLICATE] =
          "two headers have the same name, or names that differ in case only",
      [SIGN_NOT_GIVEN] = "it lists a header that is missing or cannot be signed",
      [SIGN_NO_DATE] = "it lacks x-sdk-date, which must be signed",
      [SIGN_CONTROL_BYTE] = "a header contains a control character",
      [SIGN_CONFLICT] =
          "Host, X-Sdk-Date or X-Security-Token contradicts the request or credentials",
      [SIGN_BAD_NAME] =
          "the method or a header name is empty or contains an invalid character",
      [SIGN_BAD_KEY] = "the access key is incomplete or contains a control character",
  };
  return status < SIGN_STATUS_COUNT ? texts[status] : "unknown error";
}

void sign_output_init(sign_output *out) {
  *out = (sign_output){0};
  buffer_init(&out->target, SIGN_TEXT_MAX);
  buffer_init(&out->canonical, SIGN_TEXT_MAX);
  buffer_init(&out->string_to_sign, SIGN_TEXT_MAX);
  buffer_init(&out->signed_headers, SIGN_TEXT_MAX);
  buffer_init(&out->authorization, SIGN_TEXT_MAX);
  out->canonical.secret = true; /* it has the security token as a line */
}

void sign_output_free(sign_output *out) {
  buffer_free(&out->target);
  buffer_free(&out->canonical);
  buffer_free(&out->string_to_sign);
  buffer_free(&out->signed_headers);
  buffer_free(&out->authorization);
}

static void start_output(sign_output *out) {
  buffer_reset(&out->target);
  buffer_reset(&out->canonical);
  buffer_reset(&out->string_to_sign);
  buffer_reset(&out->signed_headers);
  buffer_reset(&out->authorization);
}

static bool make_signature(signer *s, slice message, unsigned char out[KEY_SIGNATURE_MAX],
                           size_t *len) {
  if (s->algorithm->elliptic)
    return key_sign_elliptic(s->key, s->algorithm->digest, message, out, len);
  *len = DIGEST_LEN;
  return hmac_sign(&s->mac, &s->hash, message, out);
}

/* V11 names the access key together with the scope that its key holds for. */
static sign_status write_authorization(signer *s, sign_output *out) {
  static const slice access = TEXT(" Access="), credential = TEXT(" Credential=");
  static const slice headers = TEXT(", SignedHeaders="), signature = TEXT(", Signature=");
  unsigned char bytes[KEY_SIGNATURE_MAX];
  size_t len;
  const algorithm *a = s->algorithm;
  slice names = buffer_slice(&out->signed_headers);
  if (!make_signature(s, buffer_slice(&out->string_to_sign), bytes, &len))
    return SIGN_CRYPTO;
  char *at = buffer_reserve(&out->authorization,
                            a->name.len + credential.len + s->ak.len + 1 + s->scope.len +
                                headers.len + names.len + signature.len + len * 2);
  if (at == NULL)
    return SIGN_NO_MEMORY;
  at = text_put(at, a->name);
  at = text_put(at, a->scoped ? credential : access);
  at = text_put(at, s->ak);
  if (a->scoped) {
    *at++ = '/';
    at = text_put(at, s->scope);
  }
  at = text_put(at, headers);
  at = text_put(at, names);
  at = text_put(at, signature);
  at = digest_hex(at, bytes, len);
  out->authorization.len = (size_t)(at - out->authorization.data);
  return SIGN_OK;
}

static sign_status sign_filled(signer *s, const sign_request *request, sign_output *out) {
  const algorithm *a = s->algorithm;
  slice date = s->headers.special[HEADER_DATE];
  sign_status status = canonical_write(out, request, &s->headers, a->digest, &s->hash);
  if (status != SIGN_OK)
    return status;
  if (a->scoped && !signer_enter_scope(s, date.data))
    return SIGN_CRYPTO;
  status = string_to_sign_write(out, a->name, date, s->scope, &s->hash);
  return status == SIGN_OK ? write_authorization(s, out) : status;
}

/* Says of a failure that had to do with memory which one it was. */
static sign_status refine_failure(sign_status status, const signer *s,
                                  const sign_output *out) {
  if (status == SIGN_CRYPTO)
    return signer_crypto_failure();
  bool full = out->target.full || out->canonical.full || out->string_to_sign.full ||
              out->signed_headers.full || out->authorization.full ||
              s->headers.names.full;
  return status == SIGN_NO_MEMORY && full ? SIGN_TOO_LARGE : status;
}

sign_status signer_sign(signer *s, const sign_request *request, sign_output *out) {
  start_output(out);
  sign_status status =
      header_set_fill(&s->headers, request, s->security_token, s->algorithm->digest);
  out->adds = s->headers.adds;
  if (status == SIGN_OK)
    status = sign_filled(s, request, out);
  if (status != SIGN_OK) {
    status = refine_failure(status, s, out);
    sign_clear_errors();
  }
  return status;
}

void signer_begin(signer *s) {
  hasher_begin(&s->hash);
  if (!s->algorithm->elliptic && s->mac.inner != NULL)
    hmac_begin(&s->mac);
}

/* To look takes 100 instructions, to clear 840. */
void sign_clear_errors(void) {
  if (ERR_peek_error() != 0)
    ERR_clear_error();
}

size_t signer_added_headers(const signer *s, const sign_request *request,
                            const sign_output *out, pair added[SIGN_ADDED_HEADERS]) {
  static const slice authorization = TEXT("Authorization"), date = TEXT("X-Sdk-Date");
  static const slice host = TEXT("Host"), token = TEXT("X-Security-Token");
  size_t count = 0;
  added[count++] = (pair){authorization, buffer_slice(&out->authorization)};
  if (out->adds.date)
    added[count++] = (pair){date, request->date};
  if (out->adds.host)
    added[count++] = (pair){host, request->host};
  if (out->adds.token)
    added[count++] = (pair){token, s->security_token};
  if (out->adds.content_header.len > 0)
    added[count++] = (pair){out->adds.content_header, out->adds.content_hash};
  return count;
}
