#include "sign_canonical.h"
#include "text.h"
#include "uri.h"

/* Cuts the target into the path and the query that the canonical request has on
 * separate lines: encoded once, they cannot differ from what is sent. */
static bool write_target(buffer *target, const sign_request *request, slice *path,
                         slice *query) {
  bool written = request->target.len > 0
                     ? buffer_append_slice(target, request->target)
                     : uri_append_target(target, request->path, request->query,
                                         request->query_count);
  if (!written)
    return false;
  const char *mark = memchr(target->data, '?', target->len);
  size_t path_len = mark ? (size_t)(mark - target->data) : target->len;
  size_t query_at = mark ? path_len + 1 : path_len;
  *path = (slice){target->data, path_len};
  *query = (slice){target->data + query_at, target->len - query_at};
  return true;
}

/* The last line: what the content header says, or else the hash of the body. */
static bool payload_line(const sign_request *request, const header_set *set,
                         digest_kind digest, hasher *hash, char hex[DIGEST_HEX_LEN],
                         slice *line) {
  unsigned char bytes[DIGEST_LEN];
  *line = set->special[digest == DIGEST_SM3 ? HEADER_CONTENT_SM3 : HEADER_CONTENT_SHA256];
  if (line->data != NULL)
    return true;
  *line = digest_of_nothing(digest);
  if (request->body.len == 0)
    return true;
  if (!hasher_hash(hash, request->body, bytes))
    return false;
  digest_hex(hex, bytes, sizeof bytes);
  *line = (slice){hex, DIGEST_HEX_LEN};
  return true;
}

/* An upper bound for both, so that they are written without further checks. */
static bool reserve_texts(sign_output *out, const header_set *set, size_t others) {
  size_t names = 0, values = 0;
  for (size_t i = 0; i < set->count; i++) {
    names += set->items[i].name.len + 1;
    values += set->items[i].value.len + 1;
    if (names > SIGN_TEXT_MAX || values > SIGN_TEXT_MAX) {
      out->canonical.full = true; /* before the sum overflows where size_t has 32 bits */
      return false;
    }
  }
  return buffer_reserve(&out->canonical, others + names * 2 + values) != NULL &&
         buffer_reserve(&out->signed_headers, names) != NULL;
}

static char *put_headers(char *at, const header_set *set, buffer *signed_names) {
  char *name_at = signed_names->data;
  for (const header *h = set->items; h < set->items + set->count; h++) {
    if (!h->is_signed)
      continue;
    at = text_put(at, h->name);
    *at++ = ':';
    at = text_put(at, h->value);
    *at++ = '\n';
    name_at = text_put(name_at, h->name);
    *name_at++ = ';';
  }
  /* x-sdk-date is always signed, so there is a last ';' to take away. */
  signed_names->len = (size_t)(name_at - signed_names->data) - 1;
  return at;
}

sign_status canonical_write(sign_output *out, const sign_request *request,
                            const header_set *set, digest_kind digest, hasher *hash) {
  char hex[DIGEST_HEX_LEN];
  slice path, query, payload;
  enum { SEPARATORS = 8 };
  if (!payload_line(request, set, digest, hash, hex, &payload))
    return SIGN_CRYPTO;
  if (!write_target(&out->target, request, &path, &query) ||
      !reserve_texts(out, set,
                     request->method.len + path.len + query.len + payload.len +
                         SEPARATORS))
    return SIGN_NO_MEMORY;
  char *at = out->canonical.data;
  if (!text_upper_token(request->method, at))
    return SIGN_BAD_NAME;
  at += request->method.len;
  *at++ = '\n';
  at = text_put(at, path);
  if (at[-1] != '/')
    *at++ = '/';
  *at++ = '\n';
  at = text_put(at, query);
  *at++ = '\n';
  at = put_headers(at, set, &out->signed_headers);
  *at++ = '\n';
  at = text_put(at, buffer_slice(&out->signed_headers));
  *at++ = '\n';
  at = text_put(at, payload);
  out->canonical.len = (size_t)(at - out->canonical.data);
  return SIGN_OK;
}

sign_status string_to_sign_write(sign_output *out, slice algorithm, slice date,
                                 slice scope, hasher *hash) {
  unsigned char bytes[DIGEST_LEN];
  buffer *text = &out->string_to_sign;
  if (!hasher_hash(hash, buffer_slice(&out->canonical), bytes))
    return SIGN_CRYPTO;
  char *at =
      buffer_reserve(text, algorithm.len + date.len + scope.len + 3 + DIGEST_HEX_LEN);
  if (at == NULL)
    return SIGN_NO_MEMORY;
  at = text_put(at, algorithm);
  *at++ = '\n';
  at = text_put(at, date);
  *at++ = '\n';
  if (scope.len > 0) {
    at = text_put(at, scope);
    *at++ = '\n';
  }
  at = digest_hex(at, bytes, sizeof bytes);
  text->len = (size_t)(at - text->data);
  return SIGN_OK;
}
