/* Keeps bytes that wait unread on an idle connection out of the next answer.
 *
 * Over HTTP/1.1 a server has nothing to say between two exchanges. Bytes that wait there
 * are the end of the connection, or a second answer to the request before, which would
 * pass for the answer to the next one. libcurl 7.88 takes them for a sign of life. So
 * such a connection is cut off just before libcurl chooses one, and libcurl then finds it
 * dead. A server's TLS 1.3 session tickets come before its first answer and are read with
 * that. HTTP/2 tells answers apart by itself. */
#include "engine_internal.h"
#include <poll.h>
#include <sys/socket.h>

/* What has arrived must go as well: libcurl takes a socket for dead that is at its end.
 */
static void cut_off(opened *connection) {
  char bytes[4096];
  connection->in_turn = false;
  (void)shutdown(connection->fd, SHUT_RDWR);
  while (recv(connection->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
    ;
}

void engine_idle_note(const transfer *t) {
  long version = 0;
  if (curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version) != CURLE_OK ||
      (version != CURL_HTTP_VERSION_1_0 && version != CURL_HTTP_VERSION_1_1))
    return;
  engine *e = t->owner;
  t->pool->in_turn = true;
  int unread = engine_tls_unread(t);
  for (size_t i = 0; i < e->opened_count; i++) {
    opened *connection = &e->opened[i];
    if (t->begun && connection->opened_for == t->id)
      connection->in_turn = true;
    if (unread >= 0 && connection->fd == unread && !engine_watch_has(e, unread))
      cut_off(connection);
  }
}

static void check_batch(engine *e, opened *batch, size_t count, struct pollfd *polled) {
  bool any = false;
  for (size_t i = 0; i < count; i++) {
    polled[i] = (struct pollfd){.fd = -1, .events = POLLIN}; /* -1: poll skips it */
    if (batch[i].in_turn)
      polled[i].fd = batch[i].fd;
    any = any || batch[i].in_turn;
  }
  if (!any || poll(polled, (nfds_t)count, 0) <= 0)
    return;
  for (size_t i = 0; i < count; i++)
    if (polled[i].revents != 0 && !engine_watch_has(e, batch[i].fd))
      cut_off(&batch[i]);
}

void engine_idle_check(engine *e) {
  enum { BATCH = 32 };
  struct pollfd polled[BATCH];
  for (size_t first = 0; first < e->opened_count; first += BATCH) {
    size_t left = e->opened_count - first;
    check_batch(e, e->opened + first, left < BATCH ? left : BATCH, polled);
  }
}
