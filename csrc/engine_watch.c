/* The sockets and the timer that libcurl waits for. Its callbacks only record them:
 * either the engine polls them itself, or an event loop asks what has changed and reports
 * events. No code of others runs inside a callback.
 *
 * curl_multi_socket_action handles just the sockets that are ready; curl_multi_perform
 * would go through all transfers every time. */
#include "engine_internal.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

/* --- what libcurl waits for -------------------------------------------------------- */

static watched *find_socket(engine *e, int fd) {
  for (size_t i = 0; i < e->socket_count; i++)
    if (e->sockets[i].wish.fd == fd)
      return &e->sockets[i];
  return NULL;
}

/* Room for the sockets and for poll's view of them grows together, so that polling
 * never has to allocate. */
static bool grow_sockets(engine *e) {
  size_t room = e->socket_room ? 2 * e->socket_room : 16;
  watched *sockets = realloc(e->sockets, room * sizeof *sockets);
  if (!sockets)
    return false;
  e->sockets = sockets;
  struct pollfd *polled = realloc(e->polled, room * sizeof *polled);
  if (!polled)
    return false;
  e->polled = polled;
  e->socket_room = room;
  return true;
}

bool engine_watch_has(engine *e, int fd) {
  const watched *socket = find_socket(e, fd);
  return socket && (socket->wish.read || socket->wish.write);
}

static watched *add_socket(engine *e, int fd) {
  if (e->socket_count == e->socket_room && !grow_sockets(e))
    return NULL;
  watched *added = &e->sockets[e->socket_count++];
  *added = (watched){.wish.fd = fd};
  return added;
}

static void drop_socket(engine *e, watched *gone) {
  *gone = e->sockets[--e->socket_count];
}

/* One that libcurl waits only to write to. Where it is refused, libuv takes what poll
 * says of it for a fault of its own handle, which luv then prints on standard error. So
 * an event loop does not watch it: the engine looks at it now and then. */
static bool is_connecting(const engine *e, const watched *socket) {
  return e->watching && socket->wish.write && !socket->wish.read;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *data) {
  pool *p = user;
  engine *e = p->owner;
  (void)easy;
  (void)data;
  watched *socket = find_socket(e, (int)fd);
  if (!socket && what == CURL_POLL_REMOVE)
    return 0;
  if (!socket && !(socket = add_socket(e, (int)fd)))
    return -1; /* libcurl then fails the transfers: better than one never woken */
  bool was_connecting = is_connecting(e, socket);
  socket->pool = p;
  socket->wish.read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
  socket->wish.write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
  socket->wish.fresh = socket->wish.fresh || what == CURL_POLL_REMOVE;
  socket->changed = true;
  if (e->watching && !was_connecting)
    socket->since = socket->look_at = engine_now();
  if (what == CURL_POLL_REMOVE && !e->watching)
    drop_socket(e, socket);
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user) {
  pool *p = user;
  (void)multi;
  p->timer_set = timeout_ms >= 0;
  p->timer_due = timeout_ms > 0 ? engine_now() + timeout_ms : 0;
  return 0;
}

bool engine_watch_install(pool *p) {
  CURLM *multi = p->multi;
  bool ok = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK;
  ok &= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, p) == CURLM_OK;
  ok &= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK;
  ok &= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, p) == CURLM_OK;
  return ok;
}

void engine_watch_leave(const pool *p) {
  engine *e = p->owner;
  for (size_t i = e->socket_count; i-- > 0;) {
    watched *socket = &e->sockets[i];
    if (socket->pool != p)
      continue;
    socket->wish.read = socket->wish.write = false;
    socket->wish.fresh = socket->changed = true;
    if (!e->watching)
      drop_socket(e, socket);
  }
}

/* --- acting on what happened ------------------------------------------------------- */

static void act_on_socket(pool *p, curl_socket_t fd, int events) {
  int running;
  CURLMcode code = curl_multi_socket_action(p->multi, fd, events, &running);
  if (code == CURLM_OK)
    engine_drain(p);
  else
    engine_break(p, code);
}

/* libcurl begins new transfers here: for those its timer is due at once. */
static void act_on_timers(engine *e, int64_t now) {
  for (pool *p = e->pools; p; p = p->next) {
    if (!p->timer_set || p->timer_due > now)
      continue;
    p->timer_set = false; /* libcurl sets the next one while it acts */
    engine_idle_check(e);
    act_on_socket(p, CURL_SOCKET_TIMEOUT, 0);
  }
}

/* An event of a socket that libcurl does not wait for any more means nothing. */
static void act_on_events(engine *e, int fd, int events) {
  const watched *socket = find_socket(e, fd);
  if (socket && (socket->wish.read || socket->wish.write))
    act_on_socket(socket->pool, (curl_socket_t)fd, events);
}

static size_t fill_polled(engine *e) {
  size_t count = 0;
  for (size_t i = 0; i < e->socket_count; i++) {
    engine_wish wish = e->sockets[i].wish;
    if (wish.read || wish.write)
      e->polled[count++] = (struct pollfd){
          .fd = wish.fd,
          .events = (short)((wish.read ? POLLIN : 0) | (wish.write ? POLLOUT : 0))};
  }
  return count;
}

/* Acting on one socket may make libcurl close another one, and open a third under its
 * number. To look at that in vain does no harm; to take it for broken would. */
static void act_on_polled(engine *e, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct pollfd ready = e->polled[i];
    bool broken = ready.revents & (POLLERR | POLLNVAL);
    if (ready.revents != 0)
      act_on_events(
          e, ready.fd,
          (broken || ready.revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
              (broken || ready.revents & (POLLIN | POLLHUP) ? CURL_CSELECT_IN : 0));
  }
}

/* Where poll fails, every socket is tried at intervals. It fails when memory is short, or
 * when a process has lowered its limit of descriptors below what it has open. */
static void try_all(engine *e, size_t count, int64_t wait_ms) {
  enum { PAUSE_MS = 10 };
  poll(NULL, 0, wait_ms < PAUSE_MS ? (int)wait_ms : PAUSE_MS);
  for (size_t i = 0; i < count; i++)
    e->polled[i].revents = e->polled[i].events;
  act_on_polled(e, count);
}

/* How long a connecting socket is left alone adds at most a tenth to its time. */
static int64_t pause_after(int64_t elapsed) {
  enum { LEAST_MS = 1, SHARE = 10, MOST_MS = 50 };
  int64_t pause = elapsed / SHARE;
  return pause < LEAST_MS ? LEAST_MS : pause > MOST_MS ? MOST_MS : pause;
}

static void look_at_connecting(engine *e, int64_t now) {
  size_t count = 0;
  for (size_t i = 0; i < e->socket_count; i++) {
    watched *socket = &e->sockets[i];
    if (!is_connecting(e, socket) || socket->look_at > now)
      continue;
    socket->look_at = now + pause_after(now - socket->since);
    e->polled[count++] = (struct pollfd){.fd = socket->wish.fd, .events = POLLOUT};
  }
  int ready = count > 0 ? poll(e->polled, (nfds_t)count, 0) : 0;
  if (ready < 0)
    try_all(e, count, 0);
  else if (ready > 0)
    act_on_polled(e, count);
}

/* libcurl first: where the process stood still, an answer may have come in time that was
 * not read yet. */
static void end_overdue(engine *e, int64_t now) {
  if (engine_deadline_next(e) > now)
    return;
  size_t count = fill_polled(e);
  if (count > 0 && poll(e->polled, (nfds_t)count, 0) > 0)
    act_on_polled(e, count);
  engine_deadline_expire(e);
}

/* When a timer or a deadline is due next; INT64_MAX: never. */
static int64_t next_time(const engine *e) {
  int64_t next = engine_deadline_next(e);
  for (const pool *p = e->pools; p; p = p->next)
    if (p->timer_set && p->timer_due < next)
      next = p->timer_due;
  return next;
}

void engine_on_timeout(engine *e) {
  engine_enter(e);
  act_on_timers(e, engine_now());
  look_at_connecting(e, engine_now());
  end_overdue(e, engine_now());
}

void engine_on_socket(engine *e, int fd, bool readable, bool writable) {
  engine_enter(e);
  /* First, so that libcurl does not end one transfer and begin another on its connection
   * in one step, without engine_idle_check in between. */
  act_on_timers(e, engine_now());
  act_on_events(e, fd,
                (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0));
  end_overdue(e, engine_now());
}

/* --- polling ----------------------------------------------------------------------- */

/* Waits once, for at most `wait_ms`. False: a signal ended the wait. */
static bool wait_once(engine *e, int64_t wait_ms) {
  size_t count = fill_polled(e);
  if (count == 0 && wait_ms == 0)
    return true;
  int ready = poll(e->polled, (nfds_t)count, (int)wait_ms);
  if (ready < 0 && errno == EINTR)
    return false;
  if (ready < 0)
    try_all(e, count, wait_ms);
  else if (ready > 0)
    act_on_polled(e, count);
  return true;
}

void engine_poll(engine *e, int timeout_ms) {
  engine_enter(e);
  int64_t now = engine_now(), end = now + timeout_ms;
  do {
    act_on_timers(e, now);
    now = engine_now();
    end_overdue(e, now);
    int64_t next = next_time(e);
    if (next > end)
      next = end;
    /* The others go on beside one that waits to be collected. */
    if (!wait_once(e, !e->done_first && next > now ? next - now : 0))
      return;
  } while (!e->done_first && (now = engine_now()) < end);
}

/* --- an event loop that waits for us ----------------------------------------------- */

void engine_watch(engine *e) {
  engine_enter(e);
  e->watching = true;
  for (size_t i = 0; i < e->socket_count; i++) {
    e->sockets[i].changed = true;
    e->sockets[i].since = e->sockets[i].look_at = engine_now();
  }
}

bool engine_next_wish(engine *e, engine_wish *wish) {
  engine_enter(e);
  for (size_t i = 0; i < e->socket_count; i++) {
    watched *socket = &e->sockets[i];
    if (!socket->changed)
      continue;
    *wish = socket->wish;
    socket->changed = socket->wish.fresh = false;
    if (is_connecting(e, socket))
      wish->write = false;
    else if (!wish->read && !wish->write)
      drop_socket(e, socket);
    return true;
  }
  return false;
}

long engine_timer(engine *e) {
  engine_enter(e);
  int64_t next = next_time(e);
  for (size_t i = 0; i < e->socket_count; i++)
    if (is_connecting(e, &e->sockets[i]) && e->sockets[i].look_at < next)
      next = e->sockets[i].look_at;
  if (next == INT64_MAX)
    return -1;
  int64_t left = next - engine_now();
  if (left > LONG_MAX)
    return LONG_MAX;
  return left > 0 ? (long)left : 0;
}
