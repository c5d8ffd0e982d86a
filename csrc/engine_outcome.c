/* Why there is no answer. An outcome and a sentence are made from libcurl's result code,
 * from its error text where the code says too little, and from how far it had got. */
#include "engine_internal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#if LIBCURL_VERSION_NUM < 0x080600
#define CURLE_TOO_LARGE ((CURLcode)100) /* from a newer one than was built with */
#endif
#if LIBCURL_VERSION_NUM < 0x074d00
#define CURLE_SSL_CLIENTCERT ((CURLcode)98)
#endif

const char engine_no_memory[] = "out of memory";
const char engine_no_descriptors[] =
    "all file descriptors of this process, or of the system, are in use";

static bool error_says(const transfer *t, const char *words) {
  return strstr(t->error, words) != NULL;
}

/* --- several faults under one code ------------------------------------------------- */

/* Whether the peer broke the connection off, rather than sent what TLS refuses. The last
 * system error may belong to an address that was tried before, so it counts only where
 * the text is not OpenSSL's and the error is one that ends an open connection. */
static bool is_broken_off(const transfer *t) {
  if (error_says(t, "unexpected eof") || error_says(t, "system library"))
    return true;
  if (error_says(t, "routines:"))
    return false;
  if (error_says(t, "SSL_connect: ") || error_says(t, "Recv failure: ") ||
      error_says(t, "Send failure: "))
    return true;
  long error = 0;
  curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &error);
  return error == ECONNRESET || error == ECONNABORTED || error == EPIPE;
}

/* In TLS 1.3 a server refuses a client's certificate after the handshake; and libcurl has
 * the same code for a body that is not chunked as it claims to be. */
static engine_outcome transport_outcome(const transfer *t) {
  if (error_says(t, "SSL routines") && !is_broken_off(t))
    return ENGINE_TLS;
  return error_says(t, "chunk") ? ENGINE_PROTOCOL : ENGINE_NETWORK;
}

/* The status with which a proxy refused; 0: none did. Without a tunnel, 407 alone is sure
 * to be the proxy's. */
static long refusal_of_proxy(const transfer *t) {
  long status = 0;
  if (t->may_use_proxy && !t->secure) {
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 407 ? status : 0;
  }
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
  return status / 100 == 2 ? 0 : status;
}

/* Whether descriptors are what was missing: for a file, to ask for a name, for a socket.
 */
static bool lacks_descriptors(const transfer *t, CURLcode code) {
  switch (code) {
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return engine_fds_are_used_up();
  case CURLE_COULDNT_CONNECT:
    return t->no_descriptors;
  default:
    return false;
  }
}

static engine_outcome outcome_of_code(const transfer *t, CURLcode code) {
  if (t->over_limit)
    return ENGINE_LIMIT;
  if (t->no_memory)
    return ENGINE_MEMORY;
  if (t->denied)
    return ENGINE_NETWORK;
  if (lacks_descriptors(t, code))
    return ENGINE_DESCRIPTORS;
  switch ((int)code) { /* some are in none of the older headers */
  case CURLE_OK:
    return t->head_ended && !refusal_of_proxy(t) ? ENGINE_ANSWERED : ENGINE_NETWORK;
  case CURLE_OPERATION_TIMEDOUT:
    return ENGINE_TIMEOUT;
  case CURLE_SSL_CONNECT_ERROR:
    return is_broken_off(t) ? ENGINE_NETWORK : ENGINE_TLS;
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CLIENTCERT:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    return ENGINE_TLS;
  case CURLE_SEND_ERROR:
  case CURLE_RECV_ERROR:
    return transport_outcome(t);
  case CURLE_UNSUPPORTED_PROTOCOL: /* an answer that is no HTTP */
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WRITE_ERROR:
    return ENGINE_PROTOCOL;
  case CURLE_OUT_OF_MEMORY:
    /* libcurl says this of a header line beyond its own ceiling, too. */
    return t->head_bytes && !t->head_ended ? ENGINE_LIMIT : ENGINE_MEMORY;
  case CURLE_TOO_LARGE: /* the same since 8.6, and too many headers since 8.13 */
    return ENGINE_LIMIT;
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_URL_MALFORMAT:
    return ENGINE_SETUP;
  default: /* a name, a connect, a reset, an early end, an error of HTTP/2 */
    return ENGINE_NETWORK;
  }
}

/* --- how far it had got ------------------------------------------------------------ */

static bool has_happened(const transfer *t, CURLINFO time) {
  curl_off_t moment = 0;
  return curl_easy_getinfo(t->easy, time, &moment) == CURLE_OK && moment > 0;
}

bool transfer_is_sent(const transfer *t) {
  return has_happened(t, CURLINFO_PRETRANSFER_TIME_T);
}

/* One on a connection that was there before looks up no name and opens no socket. */
bool transfer_is_begun(const transfer *t) { return t->begun || transfer_is_sent(t); }

/* What libcurl counts includes what only the proxy has seen: when that refuses, nothing
 * has gone any further. */
static bool was_sent(const transfer *t) {
  long bytes = 0;
  curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &bytes);
  return bytes > 0 && refusal_of_proxy(t) == 0;
}

static const char *waited_for(const transfer *t) {
  if (t->head_bytes > 0)
    return "the rest of the response";
  if (transfer_is_sent(t))
    return "the first byte of the response";
  if (!t->begun)
    return "another call to open the connection";
  if (!has_happened(t, CURLINFO_NAMELOOKUP_TIME_T))
    return "DNS";
  if (!t->secure || !transfer_is_connected(t))
    return "a connection";
  return t->may_use_proxy ? "the TLS handshake or the proxy's tunnel"
                          : "the TLS handshake";
}

const char *transfer_late(transfer *t) {
  /* Of whole numbers, since a locale writes fractions in its own way. */
  long long tenths = (engine_now() - t->started + 50) / 100;
  snprintf(t->error, sizeof t->error, "timed out after %lld.%lld s, waiting for %s",
           tenths / 10, tenths % 10, waited_for(t));
  return t->error;
}

/* --- the text ---------------------------------------------------------------------- */

static const char *outcome_text(transfer *t, engine_outcome outcome, CURLcode code) {
  if (t->over_limit)
    return t->head_bytes > t->max_head ? "the response headers exceed the limit"
                                       : "the response body exceeds max_response_bytes";
  if (outcome == ENGINE_LIMIT && code == CURLE_OUT_OF_MEMORY)
    return "a line of the response headers is too long, or memory is short";
  if (outcome == ENGINE_MEMORY)
    return engine_no_memory;
  if (outcome == ENGINE_DESCRIPTORS)
    return engine_no_descriptors;
  if (outcome == ENGINE_TIMEOUT)
    return transfer_late(t);
  if (t->folded)
    return "the first line of the response headers is a continuation";
  if (t->denied)
    return t->refused ? "the server refused the HTTP/2 stream"
                      : "the connection ended before the response";
  if (t->result.proxy_status != 0) {
    snprintf(t->error, sizeof t->error, "the proxy refused the %s: HTTP %ld",
             t->secure ? "tunnel" : "request", t->result.proxy_status);
    return t->error;
  }
  if (outcome == ENGINE_NETWORK && code == CURLE_OK)
    return "the connection was closed in the middle of the response headers";
  /* A text with an @ quotes the URL of a proxy, which may hold a password. */
  return t->error[0] && !strchr(t->error, '@') ? t->error : curl_easy_strerror(code);
}

void transfer_judge(transfer *t, CURLcode code) {
  if (t->denied)
    code = t->refused ? CURLE_HTTP2_STREAM : CURLE_RECV_ERROR;
  engine_outcome outcome = outcome_of_code(t, code);
  if (outcome == ENGINE_DESCRIPTORS)
    code = CURLE_OK; /* nothing is wrong with the name or the server */
  t->result = (engine_result){.slot = t->slot, .outcome = outcome, .code = (int)code};
  t->result.sent = t->denied || was_sent(t);
  t->result.refused = t->refused;
  if (outcome == ENGINE_NETWORK)
    t->result.proxy_status = refusal_of_proxy(t);
  if (outcome == ENGINE_TLS)
    t->result.fault = engine_tls_fault(t, code);
  t->result.text = outcome_text(t, outcome, code);
}

void transfer_fail(transfer *t, engine_outcome outcome, const char *text) {
  t->result = (engine_result){.slot = t->slot, .outcome = outcome, .text = text};
  t->result.sent = !t->easy || was_sent(t);
}
