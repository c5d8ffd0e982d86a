/* The header lines of a request, as libcurl wants them. */
#include "engine_internal.h"
#include "text.h"
#include <stdlib.h>
#include <string.h>

/* The headers that we set, and behind them those of the request. */
enum { AGENT, ENCODING, OWN };

/* "name:" would remove the header; libcurl sends "name;" as an empty one. */
static char *put_header(char *at, const pair *header) {
  at = text_put(at, header->name);
  at = text_put(at, header->value.len ? (slice)TEXT(": ") : (slice)TEXT(";"));
  at = text_put(at, header->value);
  *at++ = '\0';
  return at;
}

static bool reserve_nodes(transfer *t, size_t count) {
  if (count <= t->header_room)
    return true;
  struct curl_slist *nodes = realloc(t->headers, count * sizeof *nodes);
  t->no_memory = !nodes;
  if (!nodes)
    return false;
  t->headers = nodes;
  t->header_room = count;
  return true;
}

static bool has_header(const engine_request *request, slice lower) {
  for (size_t i = 0; i < request->header_count; i++)
    if (text_equals_lower(request->headers[i].name, lower))
      return true;
  return false;
}

/* Room for all lines, ours and those of the request. */
static char *reserve_lines(transfer *t, const engine_request *request, const pair *ours) {
  enum { AROUND = 3 }; /* ": " and a NUL */
  size_t size = 0;
  for (size_t i = 0; i < OWN; i++)
    size += ours[i].name.len + ours[i].value.len + AROUND;
  for (size_t i = 0; i < request->header_count; i++)
    size += request->headers[i].name.len + request->headers[i].value.len + AROUND;
  buffer_reset(&t->header_text);
  return buffer_reserve(&t->header_text, size);
}

slice request_agent(const engine_request *request) {
  const char *agent = request->user_agent ? request->user_agent : "";
  return (slice){agent, strlen(agent)};
}

static void get_ours(const engine_request *request, pair ours[OWN]) {
  ours[AGENT] = (pair){TEXT("User-Agent"), request_agent(request)};
  ours[ENCODING] = (pair){TEXT("Accept-Encoding"), TEXT("gzip")};
}

/* libcurl only reads a header list, so its nodes may lie in one array of ours. */
bool transfer_write_headers(transfer *t, const engine_request *request) {
  pair ours[OWN];
  get_ours(request, ours);
  size_t lines = OWN + request->header_count;
  char *at = reserve_lines(t, request, ours);
  if (!at || !reserve_nodes(t, lines + 1))
    return false;
  for (size_t i = 0; i < lines; i++) {
    t->headers[i].data = at;
    at = put_header(at, i < OWN ? &ours[i] : &request->headers[i - OWN]);
  }
  t->header_text.len = (size_t)(at - t->header_text.data);
  t->agent.data = t->headers[AGENT].data;
  return true;
}

/* Returns the first node of those that are sent. */
static struct curl_slist *link_headers(transfer *t, const engine_request *request) {
  static char no_expect[] = "Expect:"; /* no wait for 100 Continue */
  size_t lines = OWN + request->header_count;
  for (size_t i = 0; i < lines; i++)
    t->headers[i].next = &t->headers[i + 1];
  t->headers[lines] = (struct curl_slist){.data = no_expect, .next = NULL};
  if (request->body.len == 0)
    t->headers[lines - 1].next = NULL;
  if (!t->unpacks || has_header(request, (slice)TEXT("accept-encoding")))
    t->headers[AGENT].next = t->headers[ENCODING].next;
  bool tells = request->user_agent && !has_header(request, (slice)TEXT("user-agent"));
  return tells ? &t->headers[AGENT] : t->headers[AGENT].next;
}

/* What libcurl has options of its own for it prints twice, at a hundred instructions a
 * byte: so both of ours are headers like all others, which takes 3,200 less. A header of
 * the caller's replaces them. Only a tunnel has to be told apart, whose proxy is to know
 * who asks for it. */
bool transfer_set_headers(transfer *t, const engine_request *request) {
  struct curl_slist *first = link_headers(t, request);
  bool tells = request->user_agent && t->secure && t->may_use_proxy;
  return took_option(t, curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, first)) &&
         took_option(
             t, curl_easy_setopt(t->easy, CURLOPT_PROXYHEADER, tells ? &t->agent : NULL));
}
