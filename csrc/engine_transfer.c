/* What goes out: an easy handle and its settings for one request. */
#include "engine_internal.h"
#include <stdlib.h>
#include <string.h>

enum {
  MAX_URL = 64 * 1024,
  MAX_HEADER_TEXT = 256 * 1024,
  MAX_REQUEST_BODY = 12 * 1024 * 1024, /* the gateway takes no more, signed */
  MAX_KEPT = 64 * 1024,
  MAX_IDLE_ROOM = 64 * 1024
};

static bool has_control(slice text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte < 0x20 || byte == 0x7f)
      return true;
  }
  return false;
}

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
  ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_on_body) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, transfer_on_header) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK;
  ok &= engine_fds_install(t->owner, easy);
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
  if (e->proxy.data)
    ok &= curl_easy_setopt(easy, CURLOPT_PROXY, e->proxy.data) == CURLE_OK;
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
  long fresh = request->fresh_connection ? 1L : 0L;
  ok &= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, fresh) == CURLE_OK;
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

/* What nearly every request fits into stays for the next one. */
static void empty(buffer *b) {
  if (b->cap > MAX_IDLE_ROOM)
    buffer_free(b);
  else
    buffer_clear(b);
}

/* Tokens and passwords go out in headers and bodies, tokens and keys come back
 * in them: those bytes do not wait in a pool. */
void transfer_clear(transfer *t) {
  empty(&t->header_text);
  empty(&t->request_body);
  empty(&t->kept);
  empty(&t->body);
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
