/* Throws bytes at the signer and at what it is made of. The input is cut at its zero
 * bytes into a method, host, path, date, body and pairs; whatever they are, signing
 * must end with a status, and what it made must hold together. */
#include "sign.h"
#include "uri.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_PIECES = 24, FIRST_PAIR = 5 };

static size_t cut(const uint8_t *data, size_t size, slice pieces[MAX_PIECES]) {
  const char *at = (const char *)data, *end = at + size;
  size_t count = 0;
  while (count < MAX_PIECES && at <= end) {
    const char *stop = memchr(at, '\0', (size_t)(end - at));
    if (!stop)
      stop = end;
    pieces[count++] = (slice){at, (size_t)(stop - at)};
    at = stop + 1;
  }
  return count;
}

static void check(bool holds) {
  if (!holds)
    abort();
}

static void check_output(const sign_output *out) {
  slice target = buffer_slice(&out->target);
  check(target.len > 0 && target.data[0] == '/');
  for (size_t i = 0; i < target.len; i++)
    check((unsigned char)target.data[i] > 0x20 && (unsigned char)target.data[i] < 0x7f);
  slice authorization = buffer_slice(&out->authorization);
  for (size_t i = 0; i < authorization.len; i++)
    check((unsigned char)authorization.data[i] >= 0x20);
}

static void sign_once(const slice *pieces, size_t count, sign_algorithm algorithm) {
  signer_key key = {.ak = {"ACCESS", 6}, .sk = {"secret", 6}, .algorithm = algorithm};
  key.region = (slice){"region", 6};
  key.service = (slice){"aom", 3};
  sign_status status;
  signer *s = signer_new(&key, &status);
  if (!s)
    return;
  pair headers[MAX_PIECES], query[MAX_PIECES];
  sign_request request = {.method = pieces[0],
                          .host = pieces[1],
                          .path = pieces[2],
                          .date = pieces[3],
                          .body = pieces[4]};
  for (size_t i = FIRST_PAIR; i + 1 < count; i += 2) {
    pair p = {pieces[i], pieces[i + 1]};
    if (i % 4 == 1)
      headers[request.header_count++] = p;
    else
      query[request.query_count++] = p;
  }
  request.headers = headers;
  request.query = query;
  sign_output out;
  sign_output_init(&out);
  if (signer_sign(s, &request, &out) == SIGN_OK)
    check_output(&out);
  buffer masked;
  buffer_init(&masked, 1 << 20);
  signer_mask(s, pieces[4], &masked);
  buffer_free(&masked);
  sign_output_free(&out);
  signer_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  slice pieces[MAX_PIECES] = {{NULL, 0}};
  for (size_t i = 0; i < MAX_PIECES; i++)
    pieces[i] = (slice){"", 0};
  size_t count = cut(data, size, pieces);
  sign_once(pieces, count, SIGN_HMAC_SHA256);
  if (size > 0 && data[0] % 16 == 0)
    sign_once(pieces, count, SIGN_V11_HMAC_SHA256);
  return 0;
}
