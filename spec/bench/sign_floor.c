/* What signing one request costs beside the two hashes that nobody can spare:
 * the SHA-256 of the canonical request and the HMAC-SHA256 of the string to
 * sign, on the very same bytes, with OpenSSL objects made beforehand.
 *
 * Both are measured in turn, round after round, so that a change of the
 * machine's clock speed meets both; the best round and the median count.
 *
 *   sign_floor [ROUNDS]
 *   sign_floor hashes         the floor alone: prints its nanoseconds
 *   sign_floor hashes COUNT   makes the hashes so often, for a count of instructions */
#include "clock.h"
#include "sign.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS = 500, ROUNDS_MAX = 10000 };

#define SLICE(text)                                                                      \
  { text, sizeof text - 1 }

static const char secret[] = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";

typedef struct floor_work {
  EVP_MD *hash;
  EVP_MD_CTX *context;
  EVP_MD_CTX *inner, *outer; /* keyed */
  EVP_MAC_CTX *mac;          /* keyed */
  slice canonical, message;
} floor_work;

static void die(const char *what) {
  fprintf(stderr, "sign_floor: %s failed\n", what);
  exit(1);
}

static void require(int ok, const char *what) {
  if (ok != 1)
    die(what);
}

static EVP_MD_CTX *padded(const EVP_MD *hash, unsigned char mask) {
  unsigned char block[64] = {0};
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  memcpy(block, secret, sizeof secret - 1);
  for (size_t i = 0; i < sizeof block; i++)
    block[i] ^= mask;
  require(context != NULL && EVP_DigestInit_ex2(context, hash, NULL) == 1 &&
              EVP_DigestUpdate(context, block, sizeof block) == 1,
          "HMAC key");
  return context;
}

static EVP_MAC_CTX *keyed_mac(void) {
  char digest[] = "SHA256";
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
  require(context != NULL && EVP_MAC_init(context, (const unsigned char *)secret,
                                          sizeof secret - 1, params) == 1,
          "EVP_MAC");
  EVP_MAC_free(hmac);
  return context;
}

static void hash_canonical(floor_work *w, unsigned char out[64]) {
  require(EVP_DigestInit_ex2(w->context, w->hash, NULL) == 1 &&
              EVP_DigestUpdate(w->context, w->canonical.data, w->canonical.len) == 1 &&
              EVP_DigestFinal_ex(w->context, out, NULL) == 1,
          "SHA-256");
}

/* Two ways to make the HMAC; the quicker one is the floor. */
static void floor_by_copies(floor_work *w, unsigned char out[64]) {
  hash_canonical(w, out);
  require(EVP_MD_CTX_copy_ex(w->context, w->inner) == 1 &&
              EVP_DigestUpdate(w->context, w->message.data, w->message.len) == 1 &&
              EVP_DigestFinal_ex(w->context, out, NULL) == 1 &&
              EVP_MD_CTX_copy_ex(w->context, w->outer) == 1 &&
              EVP_DigestUpdate(w->context, out, 32) == 1 &&
              EVP_DigestFinal_ex(w->context, out, NULL) == 1,
          "HMAC");
}

static void floor_by_mac(floor_work *w, unsigned char out[64]) {
  size_t len;
  hash_canonical(w, out);
  require(EVP_MAC_init(w->mac, NULL, 0, NULL) == 1 &&
              EVP_MAC_update(w->mac, (const unsigned char *)w->message.data,
                             w->message.len) == 1 &&
              EVP_MAC_final(w->mac, out, &len, 64) == 1,
          "EVP_MAC");
}

static double time_floor(void (*work)(floor_work *, unsigned char[64]), floor_work *w) {
  unsigned char out[64];
  double start = seconds_now();
  for (int i = 0; i < CALLS; i++)
    work(w, out);
  return (seconds_now() - start) * 1e9 / CALLS;
}

static double time_signing(signer *s, const sign_request *request, sign_output *out) {
  double start = seconds_now();
  for (int i = 0; i < CALLS; i++)
    if (signer_sign(s, request, out) != SIGN_OK)
      die("signer_sign");
  return (seconds_now() - start) * 1e9 / CALLS;
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, compare);
  return values[count / 2];
}

/* The ratio is the median of the rounds' own: both sides of a round met the same
 * neighbours on this machine. */
static void measure(signer *s, const sign_request *request, sign_output *out,
                    floor_work *w, size_t rounds) {
  static double full[ROUNDS_MAX], copies[ROUNDS_MAX], macs[ROUNDS_MAX];
  static double ratios[ROUNDS_MAX];
  for (size_t i = 0; i < rounds; i++) {
    full[i] = time_signing(s, request, out);
    copies[i] = time_floor(floor_by_copies, w);
    macs[i] = time_floor(floor_by_mac, w);
    ratios[i] = full[i] / (copies[i] < macs[i] ? copies[i] : macs[i]);
  }
  double ratio = median(ratios, rounds), full_median = median(full, rounds);
  double copies_median = median(copies, rounds), macs_median = median(macs, rounds);
  int copies_win = copies_median < macs_median;
  double floor_median = copies_win ? copies_median : macs_median;
  double floor_best = copies[0] < macs[0] ? copies[0] : macs[0];
  printf("signing %.0f ns (best %.0f), floor %.0f ns (best %.0f, %s), ratio %.2f "
         "(of the best %.2f)\n",
         full_median, full[0], floor_median, floor_best,
         copies_win ? "copied contexts" : "EVP_MAC", ratio, full[0] / floor_best);
}

static void measure_floor(floor_work *w) {
  enum { FLOOR_ROUNDS = 21 };
  double copies[FLOOR_ROUNDS], macs[FLOOR_ROUNDS];
  for (size_t i = 0; i < FLOOR_ROUNDS; i++) {
    copies[i] = time_floor(floor_by_copies, w);
    macs[i] = time_floor(floor_by_mac, w);
  }
  double by_copies = median(copies, FLOOR_ROUNDS), by_mac = median(macs, FLOOR_ROUNDS);
  printf("%.0f\n", by_copies < by_mac ? by_copies : by_mac);
}

static void run(signer *s, const sign_request *request, sign_output *out, floor_work *w,
                int argc, char **argv) {
  unsigned char bytes[64];
  int only_hashes = argc > 1 && strcmp(argv[1], "hashes") == 0;
  if (only_hashes && argc > 2) {
    for (long left = strtol(argv[2], NULL, 10); left > 0; left--)
      floor_by_copies(w, bytes);
    return;
  }
  if (only_hashes) {
    measure_floor(w);
    return;
  }
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 1001;
  if (rounds < 1 || rounds > ROUNDS_MAX)
    die("reading the number of rounds");
  measure(s, request, out, w, (size_t)rounds);
}

int main(int argc, char **argv) {
  const signer_key key = {.ak = SLICE("QTWAOYTTINDUT2QVKYUC"),
                          .sk = SLICE(secret),
                          .algorithm = SIGN_HMAC_SHA256};
  pair query[] = {{SLICE("action"), SLICE("enable")}};
  const pair headers[] = {
      {SLICE("Content-Type"), SLICE("application/json")},
      {SLICE("X-Project-Id"), SLICE("0a1b2c3d4e5f60718293a4b5c6d7e8f9")}};
  const sign_request request = {
      .method = SLICE("PUT"),
      .host = SLICE("aom.cn-north-4.myhuaweicloud.com"),
      .path = SLICE("/v1/0a1b2c3d4e5f60718293a4b5c6d7e8f9/cms/workflow/"
                    "8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42/trigger/action"),
      .query = query,
      .query_count = 1,
      .headers = headers,
      .header_count = 2,
      .date = SLICE("20260102T030405Z")};
  sign_status status;
  sign_output out;
  signer *s = signer_new(&key, &status);
  sign_output_init(&out);
  if (s == NULL || signer_sign(s, &request, &out) != SIGN_OK)
    die("signing");
  floor_work w = {.hash = EVP_MD_fetch(NULL, "SHA256", NULL),
                  .context = EVP_MD_CTX_new(),
                  .mac = keyed_mac(),
                  .canonical = buffer_slice(&out.canonical),
                  .message = buffer_slice(&out.string_to_sign)};
  w.inner = padded(w.hash, 0x36);
  w.outer = padded(w.hash, 0x5c);
  run(s, &request, &out, &w, argc, argv);
  EVP_MD_CTX_free(w.inner);
  EVP_MD_CTX_free(w.outer);
  EVP_MD_CTX_free(w.context);
  EVP_MAC_CTX_free(w.mac);
  EVP_MD_free(w.hash);
  sign_output_free(&out);
  signer_free(s);
  return 0;
}
