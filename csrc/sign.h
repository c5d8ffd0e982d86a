/* Request signing for Huawei Cloud's API gateway: canonical request, string to
 * sign, signature. Pure: the same input gives the same output, no clock, no I/O
 * (the two elliptic-curve algorithms draw a random nonce, as they must).
 *
 * A `signer` holds one key pair. Its copies of the secret live in C memory
 * only, and are wiped by signer_free. A signer is not shared between threads.
 * OpenSSL's algorithm objects are fetched once for the process and stay: the
 * module is linked so that it is never unloaded. */
#ifndef AOM_SIGN_H
#define AOM_SIGN_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

typedef enum sign_algorithm {
  SIGN_HMAC_SHA256,     /* SDK-HMAC-SHA256, the gateway's usual one */
  SIGN_HMAC_SM3,        /* SDK-HMAC-SM3 */
  SIGN_ECDSA_P256,      /* SDK-ECDSA-P256-SHA256 */
  SIGN_SM2_SM3,         /* SDK-SM2-SM3 */
  SIGN_V11_HMAC_SHA256, /* V11-HMAC-SHA256, scoped to date/region/service */
  SIGN_ALGORITHM_COUNT
} sign_algorithm;

/* Why a call of this file failed. */
typedef enum sign_status {
  SIGN_OK,
  SIGN_NO_MEMORY,
  SIGN_TOO_LARGE,    /* the request passes the buffers' ceiling */
  SIGN_CRYPTO,       /* OpenSSL refused; its error queue has been emptied */
  SIGN_BAD_DATE,     /* not YYYYMMDDTHHMMSSZ */
  SIGN_DUPLICATE,    /* two headers differ at most in case */
  SIGN_NOT_GIVEN,    /* a name in signed_headers is not among the headers */
  SIGN_NO_DATE,      /* signed_headers lacks x-sdk-date */
  SIGN_CONTROL_BYTE, /* a control byte in a header */
  SIGN_CONFLICT,     /* a given header contradicts the host, date or token */
  SIGN_BAD_NAME,     /* method or header name: empty, or not an HTTP token */
  SIGN_BAD_KEY,      /* ak, sk (V11: region, service) empty, or a control byte */
  SIGN_STATUS_COUNT
} sign_status;

/* One plain sentence for a status, static. */
const char *sign_status_text(sign_status status);

/* No text that signing makes or keeps grows longer than this. */
#define SIGN_TEXT_MAX ((size_t)16 * 1024 * 1024)

/* The name as it stands in Authorization; false when `name` is none. */
bool sign_algorithm_find(slice name, sign_algorithm *found);
const char *sign_algorithm_name(sign_algorithm algorithm);

typedef struct signer signer;

typedef struct signer_key {
  slice ak;
  slice sk;
  slice security_token; /* empty: none */
  slice region;         /* V11 only */
  slice service;        /* V11 only */
  sign_algorithm algorithm;
} signer_key;

/* Copies what it is given. NULL on failure, with the reason in *status. */
signer *signer_new(const signer_key *key, sign_status *status);
void signer_free(signer *s); /* wipes; NULL is fine */

/* Another one with the same key pair and algorithm, for another region and service. */
signer *signer_new_scoped(const signer *s, slice region, slice service,
                          sign_status *status);

slice signer_ak(const signer *s);

/* Makes a one-way name for the key pair, safe to keep and to compare: lower-case hex,
 * SIGNER_FINGERPRINT_LEN bytes and no NUL. */
#define SIGNER_FINGERPRINT_LEN 32
sign_status signer_fingerprint(const signer *s, char out[SIGNER_FINGERPRINT_LEN]);

/* mask_text for the secret key, the security token, and an access key that may be a
 * secret key given in its place. */
bool signer_mask(const signer *s, slice text, buffer *out);

typedef struct sign_request {
  slice method;
  slice host;  /* as the Host header will carry it */
  slice path;  /* decoded */
  pair *query; /* decoded; sorted in place */
  size_t query_count;
  slice target;        /* in place of both, encoded and sorted; empty: not made yet */
  const pair *headers; /* what else will be sent */
  size_t header_count;
  slice body;
  slice date;                  /* X-Sdk-Date */
  const slice *signed_headers; /* NULL: the default set */
  size_t signed_header_count;
  unsigned long series; /* requests with the same number have their headers and host in
                         * the same memory, which has not changed; 0: of none */
} sign_request;

/* The headers that a signature adds, beside Authorization. */
typedef struct sign_additions {
  bool host, date, token; /* those that were not among the headers; the signer's token */
  slice content_header;   /* name X-Sdk-Content-Sha256 or -Sm3, or empty */
  slice content_hash;     /* its value */
} sign_additions;

/* What signing made. The caller owns it, initialises it once, may use it for
 * any number of requests (each starts by emptying it) and ends it with
 * sign_output_free. The slices point into it, or into the signer. */
typedef struct sign_output {
  buffer target;    /* encoded path and ?query, as the wire wants them */
  buffer canonical; /* canonical request */
  buffer string_to_sign;
  buffer signed_headers; /* a;b;c */
  buffer authorization;  /* value of the Authorization header */
  sign_additions adds;
} sign_output;

void sign_output_init(sign_output *out);
void sign_output_free(sign_output *out);

sign_status signer_sign(signer *s, const sign_request *request, sign_output *out);

/* Does what the next signature begins with ahead of it, where time costs nothing. What
 * fails here is tried again there; OpenSSL's error queue is left as it is. */
void signer_begin(signer *s);

/* The headers to send beside the request's own, once it has been signed; the slices
 * point where the request's and the output's do. Returns how many. */
#define SIGN_ADDED_HEADERS 5
size_t signer_added_headers(const signer *s, const sign_request *request,
                            const sign_output *out, pair added[SIGN_ADDED_HEADERS]);

/* "3.0.15" of the headers compiled with, and of the library running. */
const char *sign_openssl_built(void);
const char *sign_openssl_running(void);

/* Empties OpenSSL's error queue, which is the thread's: libcurl leaves there what failed,
 * and the host, or a module of its, would take it for a failure of its own. */
void sign_clear_errors(void);

/* A random number in [0, 1), from OpenSSL; a negative number when it fails. */
double sign_random(void);

#pragma GCC visibility pop

#endif
