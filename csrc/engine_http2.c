/* What libcurl does over HTTP/2 that it does not over HTTP/1.1, as far as an attempt
 * would no longer be one request on a connection that works.
 *
 * It sends a request again by itself: after a refused stream, and after the end of a
 * connection that was used before. The owner counts attempts, and must not run some
 * requests twice, so the second time is denied. Telling it needs libcurl 7.80.
 *
 * It keeps a connection whose transfer took too long, since other streams may go on. A
 * connection that is dead would then take every attempt to come. */
#include "engine_internal.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* --- sending again ----------------------------------------------------------------- */

/* On a connection of its own libcurl sends again what the server has refused, without a
 * word. There is one other reason, that the server wants HTTP/1.1: it does not say that
 * the request was left untouched, and libcurl complains of the stream first. */
bool transfer_may_send(transfer *t) {
  if (t->sent_at > 0 && !t->denied) {
    t->denied = true;
    t->refused = !t->reuses && t->error[0] == '\0';
  }
  return !t->denied;
}

#if LIBCURL_VERSION_NUM >= 0x075000
static int on_request(void *user, char *peer, char *own, int peer_port, int own_port) {
  transfer *t = user;
  (void)peer;
  (void)own;
  (void)peer_port;
  if (!transfer_may_send(t))
    return CURL_PREREQFUNC_ABORT;
  long connects = 0;
  curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
  t->reuses = connects == 0;
  t->sent_at = engine_now();
  t->port = own_port;
  return CURL_PREREQFUNC_OK;
}
#endif

bool engine_http2_install(transfer *t) {
#if LIBCURL_VERSION_NUM >= 0x075000
  return curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_request) == CURLE_OK &&
         curl_easy_setopt(t->easy, CURLOPT_PREREQDATA, t) == CURLE_OK;
#else
  (void)t;
  return false;
#endif
}

/* --- silent connections ------------------------------------------------------------ */

static int port_of(int fd) {
  struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
  socklen_t size = sizeof own;
  if (getsockname(fd, (void *)&own, &size) != 0)
    return 0;
  if (own.ss_family == AF_INET)
    return ntohs(((struct sockaddr_in *)(void *)&own)->sin_port);
  return own.ss_family == AF_INET6
             ? ntohs(((struct sockaddr_in6 *)(void *)&own)->sin6_port)
             : 0;
}

/* Milliseconds since the peer sent anything; 0 where the system does not tell. */
static int64_t silence_of(int fd) {
#ifdef __linux__
  struct tcp_info info;
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
    return info.tcpi_last_data_recv;
#else
  (void)fd;
#endif
  return 0;
}

static bool carries_others(const engine *e, int port) {
  for (size_t i = 0; i < e->slot_count; i++)
    if (e->slots[i]->state == TRANSFER_RUNNING && e->slots[i]->port == port)
      return true;
  return false;
}

/* A new connection is still greeted while its first request is on its way, so half of the
 * wait decides. Others may have asked only a moment ago: it takes longer to end theirs.
 */
void engine_http2_late(engine *e, const transfer *t) {
  enum { LONG_SILENCE_MS = 5000 };
  int64_t waited = t->sent_at > 0 ? engine_now() - t->sent_at : 0;
  for (size_t i = 0; waited > 0 && i < e->opened_count; i++) {
    int fd = e->opened[i].fd;
    if (port_of(fd) != t->port)
      continue;
    int64_t silence = silence_of(fd);
    if (2 * silence >= waited &&
        (silence >= LONG_SILENCE_MS || !carries_others(e, t->port)))
      (void)shutdown(fd, SHUT_RDWR);
  }
}
