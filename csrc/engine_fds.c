/* The sockets that an engine has open. A child made by fork has copies of them, and while
 * it keeps those, a connection that the parent closes stays open for the server. So the
 * child closes its copies, without sending a byte. */
#include "engine_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif

static bool grow_opened(engine *e) {
  size_t room = e->opened_room ? 2 * e->opened_room : 16;
  opened *list = realloc(e->opened, room * sizeof *list);
  if (!list)
    return false;
  e->opened = list;
  e->opened_room = room;
  return true;
}

/* A program that the host starts must not inherit the socket: a copy of it would keep
 * the event loop's watch alive after libcurl has closed ours. */
static void close_on_exec(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags >= 0)
    (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

static bool are_used_up(int error) { return error == EMFILE || error == ENFILE; }

/* libcurl does not say why it gets no socket. */
static curl_socket_t on_wanted(void *user, curlsocktype purpose,
                               struct curl_sockaddr *address) {
  transfer *t = user;
  (void)purpose;
  int fd = socket(address->family, address->socktype, address->protocol);
  t->no_descriptors = fd < 0 && are_used_up(errno);
  return fd < 0 ? CURL_SOCKET_BAD : (curl_socket_t)fd;
}

bool engine_fds_are_used_up(void) {
  enum { ENOUGH = 4 }; /* to wake a thread, to read a file, to ask a server */
  int spare[ENOUGH], count = 0;
  while (count < ENOUGH && (spare[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
    count++;
  bool used_up = count < ENOUGH && are_used_up(errno);
  while (count > 0)
    close(spare[--count]);
  return used_up;
}

static int on_open(void *user, curl_socket_t fd, curlsocktype purpose) {
  transfer *t = user;
  engine *e = t->owner;
  (void)purpose;
  if (!transfer_may_send(t))
    return CURL_SOCKOPT_ERROR;
  t->begun = true;
  t->socket = (int)fd;
  close_on_exec((int)fd);
  struct stat status;
  if (fstat((int)fd, &status) != 0 ||
      (e->opened_count == e->opened_room && !grow_opened(e)))
    return CURL_SOCKOPT_ERROR;
  e->opened[e->opened_count++] = (opened){.fd = (int)fd,
                                          .inode = status.st_ino,
                                          .pool = t->pool,
                                          .opener = t,
                                          .opened_for = t->id};
  return CURL_SOCKOPT_OK;
}

static bool is_connected(int fd) {
  struct sockaddr_storage peer;
  socklen_t size = sizeof peer;
  return getpeername(fd, (void *)&peer, &size) == 0;
}

/* libcurl closes the socket of a handshake that took too long before it says so. */
bool transfer_is_connected(const transfer *t) {
  return t->socket < 0 ? t->was_connected : is_connected(t->socket);
}

static void note_closed(transfer *t, int fd) {
  if (!t || t->socket != fd)
    return;
  t->was_connected = is_connected(fd);
  t->socket = -1;
}

static int on_close(void *user, curl_socket_t fd) {
  engine *e = user;
  for (size_t i = 0; i < e->opened_count; i++) {
    if (e->opened[i].fd == (int)fd) {
      note_closed(e->opened[i].opener, (int)fd);
      e->opened[i] = e->opened[--e->opened_count];
      break;
    }
  }
  return close((int)fd);
}

/* A connection outlives the transfer that has opened it. */
bool engine_fds_install(transfer *t) {
  CURL *easy = t->easy;
  engine *e = t->owner;
  bool ok = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_wanted) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_open) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, t) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK;
  ok &= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, e) == CURLE_OK;
  return ok;
}

/* Its connections are closed. libcurl does not report that it has closed its waker. */
void engine_fds_leave(const pool *p) {
  engine *e = p->owner;
  for (size_t i = e->opened_count; i-- > 0;)
    if (e->opened[i].pool == p)
      e->opened[i] = e->opened[--e->opened_count];
}

/* --- what wakes libcurl ------------------------------------------------------------ */

/* The numbers that the next two descriptors get, unless another thread takes them. */
void engine_fds_next(int numbers[2]) {
  for (int i = 0; i < 2; i++)
    numbers[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < 2; i++)
    if (numbers[i] >= 0)
      close(numbers[i]);
}

static bool holds_bytes(int fd, unsigned long what) {
  int bytes = 0;
  return ioctl(fd, what, &bytes) == 0 && bytes > 0;
}

static bool is_waker_pair(int reader, int writer) {
  return holds_bytes(reader, FIONREAD) && holds_bytes(writer, SIOCOUTQ);
}

static void note_waker(pool *p, int fd) {
  engine *e = p->owner;
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode))
    return;
  close_on_exec(fd);
  if (e->opened_count < e->opened_room || grow_opened(e))
    e->opened[e->opened_count++] = (opened){.fd = fd, .inode = status.st_ino, .pool = p};
}

/* libcurl wakes itself through a pair of sockets that it does not report. The two numbers
 * are that pair if a byte is between them after a wake-up, and none after a poll. */
void engine_fds_note_pair(pool *p, const int numbers[2]) {
#if LIBCURL_VERSION_NUM >= 0x074400 && defined(SIOCOUTQ)
  int a = numbers[0], b = numbers[1], ready;
  bool quiet = !holds_bytes(a, FIONREAD) && !holds_bytes(b, FIONREAD);
  if (!quiet || curl_multi_wakeup(p->multi) != CURLM_OK)
    return;
  bool found = is_waker_pair(a, b) || is_waker_pair(b, a);
  curl_multi_poll(p->multi, NULL, 0, 0, &ready);
  if (found && !is_waker_pair(a, b) && !is_waker_pair(b, a)) {
    note_waker(p, a);
    note_waker(p, b);
  }
#else
  (void)p;
  (void)numbers;
#endif
}

/* The child may have closed some itself, and opened something else under the number. */
void engine_fds_abandon(engine *e) {
  while (e->opened_count > 0) {
    opened gone = e->opened[--e->opened_count];
    struct stat status;
    if (fstat(gone.fd, &status) == 0 && S_ISSOCK(status.st_mode) &&
        status.st_ino == gone.inode)
      close(gone.fd);
  }
}
