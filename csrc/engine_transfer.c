#include "engine_internal.h"
#include <stdlib.h>
#include <string.h>

enum {
  MAX_URL = 64 * 1024,
  MAX_HEADER_TEXT = 256 * 1024,
  MAX_REQUEST_BODY = 12 * 1024 * 1024, /* the gateway takes no more, signed */
  MAX_KEPT = 64 * 1024
};

/* What a caller may want to know of an answer: the ids that support asks for,
 * when to come back, the server's clock, and a token that only a header holds. */
static const char *const kept_names[] = {
    "content-type",   "date",         "retry-after",
    "x-iam-trace-id", "x-request-id", "x-subject-token",
};

static bool has_control(slice text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte < 0x20 || byte == 0x7f)
      return true;
  }
  return false;
}

/* --- libcurl's callbacks: they touch the transfer and nothing else --------- */

static bool equals_ignoring_case(const char *text, size_t len, const char *lower) {
  for (size_t i = 0; i < len; i++) {
    char byte = text[i];
    if (byte >= 'A' && byte <= 'Z')
      byte = (char)(byte + ('a' - 'A'));
    if (byte != lower[i])
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
  if (memchr(value, '\0', (size_t)(end - value)))
    return;
  buffer_append(&t->kept, name, strlen(name) + 1);
  buffer_append(&t->kept, value, (size_t)(end - value));
  if (buffer_append_byte(&t->kept, '\0'))
    t->kept_count++;
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  t->head_bytes += len;
  if (t->head_bytes > t->owner->max_head) {
    t->over_limit = true;
    return 0;
  }
  /* A status line opens each answer: what an interim 1xx said is void then. */
  if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
    buffer_reset(&t->kept);
    t->kept_count = 0;
  } else {
    keep_header(t, line, len);
  }
  return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
  transfer *t = user;
  size_t len = size * count;
  if (len > t->body.max - t->body.len) {
    t->over_limit = true;
    return 0;
  }
  return buffer_append(&t->body, bytes, len) ? len : 0;
}

/* --- preparing --------------------------------------------------------------- */

/* Until 7.87 libcurl lets OpenSSL write to the socket itself, which may raise
 * SIGPIPE, and only keeps that signal off when it may touch signals at all. It
 * then needs no alarm(), provided that it resolves names asynchronously. */
static long may_skip_signals(void) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  bool async_dns = (info->features & CURL_VERSION_ASYNCHDNS) != 0;
  return info->version_num >= 0x075700 || !async_dns;
}

static bool set_protocols(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
#else
  return curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
                          (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)) == CURLE_OK;
#endif
}

/* What stays the same for every request of the engine. */
static bool set_lasting_options(transfer *t) {
  CURL *easy = t->easy;
  const engine *e = t->owner;
  bool ok = set_protocols(easy);
  ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, may_skip_signals()) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ==
        CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, e->insecure ? 0L : 1L) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, e->insecure ? 0L : 2L) == CURLE_OK;
  if (e->ca_file)
    ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, e->ca_file) == CURLE_OK;
  if (e->proxy)
    ok &= curl_easy_setopt(easy, CURLOPT_PROXY, e->proxy) == CURLE_OK;
  if (e->user_agent)
    ok &= curl_easy_setopt(easy, CURLOPT_USERAGENT, e->user_agent) == CURLE_OK;
#if LIBCURL_VERSION_NUM >= 0x075700
  /* A name that does not resolve in time must not hold up whoever gave up on it. */
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  /* Builds of libcurl without nghttp2 or zlib lack these; HTTP/1.1 serves too. */
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  return ok;
}

static bool ensure_easy(transfer *t) {
  if (t->easy)
    return true;
  t->easy = curl_easy_init();
  if (!t->easy)
    return false;
  if (set_lasting_options(t))
    return true;
  curl_easy_cleanup(t->easy);
  t->easy = NULL;
  return false;
}

static bool write_header(buffer *out, const pair *header) {
  buffer_append_slice(out, header->name);
  /* "name:" would remove the header; libcurl sends "name;" as an empty one. */
  buffer_append_text(out, header->value.len ? ": " : ";");
  buffer_append_slice(out, header->value);
  return buffer_append_byte(out, '\0');
}

static bool reserve_nodes(transfer *t, size_t count) {
  if (count <= t->header_room)
    return true;
  struct curl_slist *nodes = realloc(t->headers, count * sizeof *nodes);
  if (!nodes)
    return false;
  t->headers = nodes;
  t->header_room = count;
  return true;
}

/* libcurl only reads a header list, so its nodes may lie in one array of ours. */
static bool set_headers(transfer *t, const pair *headers, size_t count) {
  static char no_expect[] = "Expect:"; /* a wait for 100 Continue helps nobody here */
  if (!reserve_nodes(t, count + 1))
    return false;
  buffer_reset(&t->header_text);
  for (size_t i = 0; i < count; i++)
    write_header(&t->header_text, &headers[i]);
  if (t->header_text.failed)
    return false;
  char *line = t->header_text.data;
  for (size_t i = 0; i < count; i++) {
    t->headers[i].data = line;
    t->headers[i].next = &t->headers[i + 1];
    line += strlen(line) + 1;
  }
  t->headers[count] = (struct curl_slist){.data = no_expect, .next = NULL};
  return curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

static bool set_url(transfer *t, slice base, slice target) {
  buffer_reset(&t->url);
  buffer_append_slice(&t->url, base);
  buffer_append_slice(&t->url, target);
  const char *url = buffer_text(&t->url);
  return url && curl_easy_setopt(t->easy, CURLOPT_URL, url) == CURLE_OK;
}

static bool set_method(transfer *t, slice method, slice body) {
  if (method.len == 3 && memcmp(method.data, "GET", 3) == 0 && body.len == 0) {
    bool plain = curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL) == CURLE_OK;
    return plain && curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
  }
  buffer_reset(&t->request_body);
  buffer_append_slice(&t->request_body, method);
  buffer_append_byte(&t->request_body, '\0');
  if (!buffer_append_slice(&t->request_body, body))
    return false;
  const char *name = t->request_body.data;
  bool ok = curl_easy_setopt(t->easy, CURLOPT_POST, 1L) == CURLE_OK;
  ok &= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, name + method.len + 1) == CURLE_OK;
  ok &= curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)body.len) == CURLE_OK;
  return ok && curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, name) == CURLE_OK;
}

static bool set_limits(transfer *t, const engine_request *request) {
  CURL *easy = t->easy;
  bool ok = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                             request->connect_timeout_ms) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
                         request->fresh_connection ? 1L : 0L) == CURLE_OK;
  /* NULL leaves the choice to the environment variable no_proxy. */
  ok &=
      curl_easy_setopt(easy, CURLOPT_NOPROXY, request->no_proxy ? "*" : NULL) == CURLE_OK;
  /* Waiting for a first connection to turn out HTTP/2 saves opening many; a
   * request that must have its own connection does not wait. */
  ok &= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, request->fresh_connection ? 0L : 1L) ==
        CURLE_OK;
  return ok;
}

static bool is_clean(const engine_request *request) {
  if (has_control(request->method) || has_control(request->base) ||
      has_control(request->target))
    return false;
  for (size_t i = 0; i < request->header_count; i++)
    if (has_control(request->headers[i].name) || has_control(request->headers[i].value))
      return false;
  return true;
}

bool transfer_prepare(transfer *t, const engine_request *request, engine_outcome *why) {
  *why = ENGINE_SETUP;
  if (!is_clean(request))
    return false;
  if (t->url.max == 0) {
    buffer_init(&t->url, MAX_URL);
    buffer_init(&t->header_text, MAX_HEADER_TEXT);
    buffer_init(&t->request_body, MAX_REQUEST_BODY);
    buffer_init(&t->body, t->owner->max_body);
    buffer_init(&t->kept, MAX_KEPT);
    t->header_text.secret = t->request_body.secret = t->body.secret = t->kept.secret =
        true;
  }
  if (!ensure_easy(t) || !set_method(t, request->method, request->body) ||
      !set_url(t, request->base, request->target) ||
      !set_headers(t, request->headers, request->header_count) ||
      !set_limits(t, request)) {
    if (t->url.failed || t->header_text.failed || t->request_body.failed || !t->easy)
      *why = ENGINE_MEMORY;
    return false;
  }
  t->error[0] = '\0';
  t->head_bytes = 0;
  t->over_limit = false;
  return true;
}

/* --- the end ------------------------------------------------------------------- */

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
    return t->head_bytes > t->owner->max_head ? "the headers are over the limit"
                                              : "the body is over the limit";
  return t->error[0] ? t->error : curl_easy_strerror(code);
}

static slice next_text(const char **at) {
  slice text = {*at, strlen(*at)};
  *at += text.len + 1;
  return text;
}

void transfer_finish(transfer *t, CURLcode code) {
  engine_result *result = &t->result;
  *result = (engine_result){.outcome = outcome_of(t, code), .code = (int)code};
  result->text = text_of(t, code);
  long sent = 0;
  curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
  result->sent = sent > 0;
  if (result->outcome != ENGINE_ANSWERED)
    return;
  long version = CURL_HTTP_VERSION_NONE;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &result->status);
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
  result->http_version = version == CURL_HTTP_VERSION_1_0   ? 10
                         : version == CURL_HTTP_VERSION_2_0 ? 20
                         : version == CURL_HTTP_VERSION_3   ? 30
                                                            : 11;
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

/* Tokens and passwords go out in headers and bodies, tokens and keys come back
 * in them: those bytes do not wait in a pool. */
void transfer_clear(transfer *t) {
  buffer_clear(&t->header_text);
  buffer_clear(&t->request_body);
  buffer_clear(&t->kept);
  buffer_clear(&t->body);
  t->kept_count = 0;
}

void transfer_free(transfer *t) {
  if (t->easy)
    curl_easy_cleanup(t->easy);
  buffer_free(&t->url);
  buffer_free(&t->header_text);
  buffer_free(&t->request_body);
  buffer_free(&t->body);
  buffer_free(&t->kept);
  free(t->headers);
  free(t);
}
