/* Driving by socket events. libcurl says through callbacks which sockets and
 * which timer it wants watched; the wishes are noted here and wait until the
 * event loop's side asks, so that no foreign code runs inside a callback. */
#include "engine_internal.h"
#include <stdlib.h>

static engine_wish *wish_for(engine *e, int fd) {
  for (size_t i = 0; i < e->wish_count; i++)
    if (e->wishes[i].fd == fd)
      return &e->wishes[i];
  if (e->wish_count == e->wish_room) {
    size_t room = e->wish_room ? 2 * e->wish_room : 16;
    engine_wish *wishes = realloc(e->wishes, room * sizeof *wishes);
    if (!wishes)
      return NULL;
    e->wishes = wishes;
    e->wish_room = room;
  }
  e->wishes[e->wish_count].fd = fd;
  return &e->wishes[e->wish_count++];
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *user,
                     void *socket_data) {
  engine *e = user;
  (void)easy;
  (void)socket_data;
  engine_wish *wish = wish_for(e, (int)fd);
  if (!wish)
    return -1; /* libcurl then fails the transfers: better than one never woken */
  wish->read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
  wish->write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
  return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user) {
  engine *e = user;
  (void)multi;
  e->timer_ms = timeout_ms;
  return 0;
}

bool engine_watch_install(engine *e) {
  CURLM *multi = e->multi;
  bool ok = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK;
  ok &= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, e) == CURLM_OK;
  ok &= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK;
  ok &= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, e) == CURLM_OK;
  return ok;
}

void engine_watch_forget(engine *e) {
  e->wish_count = 0;
  e->timer_ms = -1;
}

bool engine_watch(engine *e) {
  if (!engine_enter(e))
    return false;
  e->watching = engine_watch_install(e);
  return e->watching;
}

bool engine_next_wish(engine *e, engine_wish *wish) {
  if (e->wish_count == 0)
    return false;
  *wish = e->wishes[--e->wish_count];
  return true;
}

long engine_timer(engine *e) { return e->timer_ms; }

static void act(engine *e, curl_socket_t fd, int events) {
  int running;
  if (!engine_enter(e))
    return;
  e->kick = false;
  CURLMcode code = curl_multi_socket_action(e->multi, fd, events, &running);
  if (code == CURLM_OK)
    engine_drain(e);
  else
    engine_break(e, code);
}

void engine_on_timeout(engine *e) {
  e->timer_ms = -1; /* libcurl sets the next one while it acts */
  act(e, CURL_SOCKET_TIMEOUT, 0);
}

void engine_on_socket(engine *e, int fd, bool readable, bool writable) {
  int events = (readable ? CURL_CSELECT_IN : 0) | (writable ? CURL_CSELECT_OUT : 0);
  act(e, (curl_socket_t)fd, events);
}
