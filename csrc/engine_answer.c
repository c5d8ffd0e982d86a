/* What comes back: libcurl's callbacks collect an answer, and its result code becomes
 * an outcome. The callbacks touch their transfer and nothing else. */
#include "engine_internal.h"
#include <string.h>

#if LIBCURL_VERSION_NUM < 0x080600
#define CURLE_TOO_LARGE ((CURLcode)100) /* from a newer one than was built with */
#endif

/* What a caller may want to know of an answer: the ids that support asks for,
 * when to come back, the server's clock, and a token that only a header holds. */
static const char *const kept_names[] = {
    "content-type",   "date",         "retry-after",
    "x-iam-trace-id", "x-request-id", "x-subject-token",
};

static bool equals_ignoring_case(const char *text, size_t len, const char *lower) {
  for (size_t i = 0; i < len; i++) {
    char byte = text[i];
    if (byte >= 'A' && byte <= 'Z')
      byte = (char)(byte + ('a' - 'A'));
    if (byte != lower[i] || byte == '\0')
      return false;
  }
  return lower[len] == '\0';
}

static const char *kept_name(const char *line, size_t name_len) {
  for (size_t i = 0; i < sizeof kept_names / sizeof *kept_names; i++)
    if (equals_ignoring_case(line, name_len, kept_names[i]))
      return kept_names[i];
  return NULL;
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Repeats of a header are as a rule a proxy's: the first one stands. */
static bool already_kept(const transfer *t, const char *name) {
  size_t at = 0;
  while (at < t->kept.len) {
    if (strcmp(t->kept.data + at, name) == 0)
      return true;
    at += strlen(t->kept.data + at) + 1;
    at += strlen(t->kept.data + at) + 1;
  }
  return false;
}

static void keep_header(transfer *t, const char *line, size_t len) {
  const char *colon = memchr(line, ':', len);
  if (!colon || t->kept_count == ENGINE_KEPT_HEADERS)
    return;
  const char *name = kept_name(line, (size_t)(colon - line));
  if (!name || already_kept(t, name))
    return;
  const char *value = colon + 1;
  const char *end = line + len;
  while (value < end && is_blank(*value))
    value++;
  while (end > value && is_blank(end[-1]))
    end--;
  size_t name_size = strlen(name) + 1, value_len = (size_t)(end - value);
  /* Whole, or not at all: what is kept is read by its NULs. */
  if (memchr(value, '\0', value_len) ||
      name_size + value_len + 1 > t->kept.max - t->kept.len ||
      !buffer_reserve(&t->kept, name_size + value_len + 1))
    return;
  buffer_append(&t->kept, name, name_size);
  buffer_append(&t->kept, value, value_len);
  buffer_append_byte(&t->kept, '\0');
  t->kept_count++;
}

size_t transfer_on_header(char *line, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  t->head_bytes += len;
  if (t->head_bytes > t->owner->max_head) {
    t->over_limit = true;
    return 0;
  }
  /* A status line opens each answer: what an interim 1xx said is void then. */
  if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
    buffer_clear(&t->kept);
    t->kept_count = 0;
  } else {
    keep_header(t, line, len);
  }
  return len;
}

size_t transfer_on_body(char *bytes, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  if (len > t->body.max - t->body.len) {
    t->over_limit = true;
    return 0;
  }
  return buffer_append(&t->body, bytes, len) ? len : 0;
}

static engine_outcome outcome_of(const transfer *t, CURLcode code) {
  long os_error = 0;
  if (t->over_limit)
    return ENGINE_LIMIT;
  switch (code) {
  case CURLE_OK:
    return ENGINE_ANSWERED;
  case CURLE_OPERATION_TIMEDOUT:
    return ENGINE_TIMEOUT;
  case CURLE_SSL_CONNECT_ERROR:
    /* A peer that hangs up while shaking hands broke the connection, no more. */
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
    return os_error ? ENGINE_NETWORK : ENGINE_TLS;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    return ENGINE_TLS;
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_CONNECT:
  case CURLE_PARTIAL_FILE:
  case CURLE_GOT_NOTHING:
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
  case CURLE_HTTP2_STREAM:
  case CURLE_PROXY:
  case CURLE_NO_CONNECTION_AVAILABLE:
    return ENGINE_NETWORK;
  case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is no HTTP */
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WRITE_ERROR:
  case CURLE_HTTP2:
    return ENGINE_PROTOCOL;
  case CURLE_OUT_OF_MEMORY:
    /* What libcurl says when a single header line passes its own ceiling. */
    return t->head_bytes ? ENGINE_LIMIT : ENGINE_MEMORY;
  case CURLE_TOO_LARGE: /* the same since 8.6, and too many headers since 8.13 */
    return ENGINE_LIMIT;
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_URL_MALFORMAT:
    return ENGINE_SETUP;
  default:
    return ENGINE_NETWORK;
  }
}

static const char *text_of(const transfer *t, CURLcode code) {
  if (t->over_limit)
    return t->head_bytes > t->owner->max_head
               ? "the headers are over the limit"
               : "the body is longer than max_response_bytes allows";
  /* Words with an @ quote the URL of a proxy, and with it a user's password. */
  return t->error[0] && !strchr(t->error, '@') ? t->error : curl_easy_strerror(code);
}

static slice next_text(const char **at) {
  slice text = {*at, strlen(*at)};
  *at += text.len + 1;
  return text;
}

/* What libcurl counts includes the CONNECT of a proxy: when that is refused, nothing
 * has gone any further. */
static bool was_sent(const transfer *t) {
  long bytes = 0, connect_status = 0;
  curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  return bytes > 0 && (connect_status == 0 || connect_status / 100 == 2);
}

void transfer_finish(transfer *t, CURLcode code) {
  engine_result *result = &t->result;
  *result = (engine_result){.outcome = outcome_of(t, code), .code = (int)code};
  result->text = text_of(t, code);
  result->sent = was_sent(t);
  if (result->outcome != ENGINE_ANSWERED)
    return;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &result->status);
  result->body = buffer_slice(&t->body);
  const char *at = t->kept.data;
  for (size_t i = 0; i < t->kept_count; i++) {
    result->headers[i].name = next_text(&at);
    result->headers[i].value = next_text(&at);
  }
  result->header_count = t->kept_count;
}

void transfer_fail(transfer *t, engine_outcome outcome, const char *text) {
  t->result = (engine_result){.outcome = outcome, .text = text, .sent = true};
}
