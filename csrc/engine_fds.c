/* The sockets that an engine has opened. A child made by fork has copies of them, and
 * as long as it keeps those a connection that its parent closes stays open for the
 * server. So it closes them: plainly, without a byte to the other side. */
#include "engine_internal.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static bool grow(engine *e) {
  size_t room = e->fd_room ? 2 * e->fd_room : 16;
  int *fds = realloc(e->fds, room * sizeof *fds);
  if (!fds)
    return false;
  e->fds = fds;
  e->fd_room = room;
  return true;
}

/* A program that the host starts must not inherit the socket: a copy of it would keep
 * the event loop's watch alive after libcurl has closed ours. */
static void close_on_exec(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags >= 0)
    (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

static int on_open(void *user, curl_socket_t fd, curlsocktype purpose) {
  engine *e = user;
  (void)purpose;
  close_on_exec((int)fd);
  if (e->fd_count == e->fd_room && !grow(e))
    return CURL_SOCKOPT_ERROR;
  e->fds[e->fd_count++] = (int)fd;
  return CURL_SOCKOPT_OK;
}

static int on_close(void *user, curl_socket_t fd) {
  engine *e = user;
  for (size_t i = 0; i < e->fd_count; i++) {
    if (e->fds[i] == (int)fd) {
      e->fds[i] = e->fds[--e->fd_count];
      break;
    }
  }
  return close((int)fd);
}

bool engine_fds_install(engine *e, CURL *easy) {
  bool ok = curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, e) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, e) == CURLE_OK;
  return ok;
}

void engine_fds_abandon(engine *e) {
  while (e->fd_count > 0)
    close(e->fds[--e->fd_count]);
}
