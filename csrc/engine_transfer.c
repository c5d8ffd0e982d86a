/* What goes out: an easy handle and its settings for one request. */
#include "engine_internal.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

enum {
  MAX_URL = 64 * 1024,
  MAX_HEADER_TEXT = 256 * 1024,
  MAX_REQUEST_BODY = 12 * 1024 * 1024, /* the gateway takes no more, signed */
  MAX_IDLE_ROOM = 64 * 1024
};

/* Until 7.87 libcurl lets OpenSSL write to the socket itself, which may raise
 * SIGPIPE, and only keeps that signal off when it may touch signals at all. It
 * then needs no alarm(), provided that it resolves names asynchronously. */
static long may_skip_signals(void) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  bool async_dns = (info->features & CURL_VERSION_ASYNCHDNS) != 0;
  return info->version_num >= 0x075700 || !async_dns;
}

static int on_resolve(void *resolver, void *reserved, void *user) {
  transfer *t = user;
  (void)resolver;
  (void)reserved;
  t->begun = true;
  return transfer_may_send(t) ? 0 : 1;
}

static bool set_protocols(transfer *t) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return took_option(t, curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https"));
#else
  return took_option(t, curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS,
                                         (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS)));
#endif
}

/* What stays the same for every request in the pool. */
static bool set_lasting_options(transfer *t) {
  CURL *easy = t->easy;
  bool ok = set_protocols(t);
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_PRIVATE, t));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_NOSIGNAL, may_skip_signals()));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, transfer_on_body));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_WRITEDATA, t));
  ok &=
      took_option(t, curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, transfer_on_header));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_HEADERDATA, t));
  ok &=
      took_option(t, curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, on_resolve));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, t));
  ok &= engine_fds_install(t);
  t->owner->denies_resends = engine_http2_install(t);
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
  ok &= took_option(t,
                    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
  /* The least there is. Over TLS libcurl has one for each transfer, else of 64 KB. */
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L));
#if LIBCURL_VERSION_NUM >= 0x075700
  /* A transfer that has ended does not wait for its name to resolve. */
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
  /* A build of libcurl without zlib lacks it. */
  t->unpacks = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip") == CURLE_OK;
  return ok;
}

static bool ensure_easy(transfer *t) {
  if (t->easy)
    return true;
  t->series = 0;
  t->easy = curl_easy_init();
  t->no_memory = !t->easy;
  if (!t->easy)
    return false;
  if (set_lasting_options(t) && engine_transport_set(t))
    return true;
  curl_easy_cleanup(t->easy);
  t->easy = NULL;
  return false;
}

/* Parses the base for all requests of the slot that have the same one. */
static bool parse_base(transfer *t, slice base) {
  if (t->site && text_equal(buffer_slice(&t->base), base))
    return true;
  buffer_reset(&t->base);
  curl_url_cleanup(t->site);
  t->site = curl_url();
  buffer_append_slice(&t->base, base);
  const char *text = buffer_text(&t->base);
  CURLUcode code = CURLUE_OUT_OF_MEMORY;
  if (t->site && text)
    code = curl_url_set(t->site, CURLUPART_URL, text, 0);
  t->no_memory |= code == CURLUE_OUT_OF_MEMORY;
  if (code != CURLUE_OK)
    buffer_reset(&t->base);
  return code == CURLUE_OK;
}

/* libcurl prints its URL several times, at a hundred instructions a byte. So it gets the
 * base parsed and the target beside it, except where it may have to send the whole URL,
 * to a proxy for plain HTTP. */
static bool sends_whole_url(const transfer *t) { return t->may_use_proxy && !t->secure; }

static bool set_base(transfer *t, slice base) {
  if (!sends_whole_url(t))
    return parse_base(t, base) &&
           took_option(t, curl_easy_setopt(t->easy, CURLOPT_CURLU, t->site));
  bool ok = took_option(t, curl_easy_setopt(t->easy, CURLOPT_CURLU, NULL));
  ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET, NULL));
  return ok;
}

static bool set_target(transfer *t, const engine_request *request) {
  bool whole = sends_whole_url(t);
  buffer_reset(&t->target);
  if (whole)
    buffer_append_slice(&t->target, request->base);
  buffer_append_slice(&t->target, request->target);
  const char *text = buffer_text(&t->target);
  CURLoption option = whole ? CURLOPT_URL : CURLOPT_REQUEST_TARGET;
  return text && took_option(t, curl_easy_setopt(t->easy, option, text));
}

static bool set_method(transfer *t, slice method, slice body) {
  bool head = text_equal(method, (slice)TEXT("HEAD"));
  if (body.len == 0 && (head || text_equal(method, (slice)TEXT("GET")))) {
    bool ok = took_option(t, curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL));
    ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L));
    /* By any other option libcurl would wait for the body that the head speaks of. The
     * next request's option takes this one back. */
    return ok && (!head || took_option(t, curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L)));
  }
  buffer_reset(&t->request_body);
  buffer_append_slice(&t->request_body, method);
  buffer_append_byte(&t->request_body, '\0');
  if (!buffer_append_slice(&t->request_body, body))
    return false;
  const char *name = t->request_body.data;
  /* What has been sent is wiped. */
  const char *bytes = body.len > 0 ? name + method.len + 1 : "";
  bool ok = took_option(t, curl_easy_setopt(t->easy, CURLOPT_POST, 1L));
  ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, bytes));
  ok &= took_option(t, curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)body.len));
  return ok && took_option(t, curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, name));
}

/* The deadline is the engine's own: see engine_deadline.c. */
static void begin_limits(transfer *t, const engine_request *request) {
  t->started = engine_now();
  t->deadline = t->started + request->timeout_ms;
  t->body.max = request->max_body;
  t->kept.max = t->max_head = request->max_head;
}

/* libcurl keeps the time of the connecting, which it spreads over a name's addresses. */
static bool set_limits(transfer *t, const engine_request *request) {
  CURL *easy = t->easy;
  long connect_ms = request->connect_timeout_ms;
  if (connect_ms > request->timeout_ms)
    connect_ms = request->timeout_ms;
  t->connect_timeout_ms = connect_ms;
  bool ok = took_option(t, curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error));
  long fresh = request->fresh_connection ? 1L : 0L;
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh));
  ok &= took_option(t, curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, fresh));
  /* NULL leaves the choice to the environment variable no_proxy, which takes 700
   * instructions to look for. */
  const char *no_proxy = t->may_use_proxy ? NULL : "*";
  return ok && took_option(t, curl_easy_setopt(easy, CURLOPT_NOPROXY, no_proxy));
}

/* Over HTTP/1.1 libcurl sends nothing twice on a fresh connection. A build without
 * nghttp2 refuses HTTP/2, and has HTTP/1.1 without being told. */
static void set_version(transfer *t, bool fresh) {
  bool plain = fresh && !t->owner->denies_resends;
  curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION,
                   (long)(plain ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
}

bool request_is_secure(const engine_request *request) {
  return text_starts_with(request->base, (slice)TEXT("https://"));
}

bool request_may_use_proxy(const engine_request *request) {
  const char *proxy = request->transport.texts[ENGINE_PROXY].data;
  return !request->no_proxy && (!proxy || *proxy);
}

/* Over TLS transfers wait until the handshake of the first connection shows whether it is
 * HTTP/2 and can carry them all, and then for room on those that are open, or opening;
 * engine_deadline.c limits the wait. */
static bool set_sharing(transfer *t, const engine_request *request) {
  t->secure = request_is_secure(request);
  t->may_use_proxy = request_may_use_proxy(request);
  t->shares = t->secure;
  set_version(t, request->fresh_connection);
  long waits = t->secure && !request->fresh_connection ? 1L : 0L;
  return took_option(t, curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, waits));
}

static bool has_clean_text(const engine_request *request) {
  if (!text_is_field_value(request_agent(request)) || text_has_control(request->method) ||
      text_has_control(request->base) || text_has_control(request->target))
    return false;
  for (size_t i = 0; i < request->header_count; i++)
    if (text_has_control(request->headers[i].name) ||
        !text_is_field_value(request->headers[i].value))
      return false;
  return true;
}

static void init_buffers(transfer *t) {
  buffer_init(&t->base, MAX_URL);
  buffer_init(&t->target, MAX_URL);
  buffer_init(&t->header_text, MAX_HEADER_TEXT);
  buffer_init(&t->request_body, MAX_REQUEST_BODY);
  buffer_init(&t->body, 0); /* each request sets its own limits */
  buffer_init(&t->kept, 0);
  t->header_text.secret = t->request_body.secret = true;
  t->body.secret = t->kept.secret = true;
}

static engine_outcome why_refused(const transfer *t) {
  if (t->base.full || t->target.full || t->header_text.full || t->request_body.full)
    return ENGINE_TOO_LARGE;
  bool short_of_memory = t->base.failed || t->target.failed || t->header_text.failed ||
                         t->request_body.failed || t->no_memory;
  return short_of_memory ? ENGINE_MEMORY : ENGINE_SETUP;
}

/* What requests of a series have in common is set for the first of them, and again after
 * one of another series: all others take 3,000 instructions less. */
static bool set_options(transfer *t, const engine_request *request) {
  if (request->series != 0 && request->series == t->series)
    return transfer_write_headers(t, request);
  t->series = 0;
  bool ok = has_clean_text(request) && set_method(t, request->method, request->body) &&
            set_sharing(t, request) && set_base(t, request->base) &&
            transfer_write_headers(t, request) && transfer_set_headers(t, request) &&
            set_limits(t, request);
  if (ok)
    t->series = request->series;
  return ok;
}

bool transfer_prepare(transfer *t, const engine_request *request, engine_outcome *why) {
  *why = ENGINE_SETUP;
  if (t->target.max == 0)
    init_buffers(t);
  t->error[0] = '\0';
  t->head_bytes = 0;
  t->keeps_all = request->all_headers;
  t->over_limit = t->no_memory = t->head_ended = t->begun = t->was_connected = false;
  t->denied = t->refused = t->reuses = t->no_descriptors = t->kept_last = false;
  t->folded = false;
  t->awaits_status = true;
  t->socket = -1;
  t->port = 0;
  t->sent_at = 0;
  t->tls = NULL;
  begin_limits(t, request);
  if (ensure_easy(t) && transfer_end_preview(t) && set_options(t, request) &&
      set_target(t, request))
    return true;
  *why = why_refused(t);
  return false;
}

/* Memory that nearly every request fits into is kept for the next one. */
static void empty_buffer(buffer *b) {
  if (b->cap > MAX_IDLE_ROOM)
    buffer_free(b);
  else
    buffer_clear(b);
}

/* Headers and bodies hold tokens, passwords and keys, in both directions: those bytes are
 * wiped before the slot waits for its next request. */
void transfer_clear(transfer *t) {
  empty_buffer(&t->header_text);
  empty_buffer(&t->request_body);
  empty_buffer(&t->kept);
  empty_buffer(&t->body);
  t->kept_count = 0;
}

void transfer_free(transfer *t) {
  if (t->easy)
    curl_easy_cleanup(t->easy);
  curl_url_cleanup(t->site);
  buffer_free(&t->base);
  buffer_free(&t->target);
  buffer_free(&t->header_text);
  buffer_free(&t->request_body);
  buffer_free(&t->body);
  buffer_free(&t->kept);
  free(t->headers);
  free(t);
}
