/* Pools of connections, one for each transport in use. What makes two transports the same
 * are their texts and the state of the files that these name. */
#include "engine_internal.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 8 * 1024 * 1024, MAX_IDLE = 8 };

/* The spare ones are for other hosts than the busy one, such as the identity service. */
enum { SPARE_CONNECTIONS = 4, MAX_CONNECTIONS = 128 };

/* That libcurl sends at once on a connection, if the server takes as many. */
enum { STREAMS = 100 };

/* --- telling pools apart ----------------------------------------------------------- */

#ifdef __APPLE__
#define MODIFIED st_mtimespec
#else
#define MODIFIED st_mtim
#endif

/* All zero for a file that is not there: libcurl says so. */
static file_state look_at(const char *name) {
  struct stat status;
  if (!name || stat(name, &status) != 0)
    return (file_state){0};
  return (file_state){.device = status.st_dev,
                      .inode = status.st_ino,
                      .size = status.st_size,
                      .modified = status.MODIFIED};
}

static bool is_same_file(const file_state *a, const file_state *b) {
  return a->device == b->device && a->inode == b->inode && a->size == b->size &&
         a->modified.tv_sec == b->modified.tv_sec &&
         a->modified.tv_nsec == b->modified.tv_nsec;
}

static bool is_same_text(const buffer *ours, slice wanted) {
  if (!ours->data || !wanted.data)
    return !ours->data && !wanted.data;
  return ours->len == wanted.len && memcmp(ours->data, wanted.data, wanted.len) == 0;
}

static bool has_files(const pool *p, const file_state *files) {
  for (size_t i = 0; i < ENGINE_FILES; i++)
    if (!is_same_file(&p->files[i], &files[i]))
      return false;
  return true;
}

static bool has_settings(const pool *p, const engine_transport *wanted) {
  for (size_t i = 0; i < ENGINE_TEXTS; i++)
    if (!is_same_text(&p->texts[i], wanted->texts[i]))
      return false;
  return p->insecure == wanted->insecure;
}

/* --- making and ending them -------------------------------------------------------- */

/* By default libcurl keeps four idle connections for each transfer that it still has.
 * When many calls end together it closes most of theirs, just before the next calls
 * begin. So a pool holds as many connections as there were transfers at once, with an
 * upper limit: each one is a file descriptor of the host's.
 *
 * When a connection of HTTP/2 is full, libcurl 7.88 opens one for each transfer beyond,
 * since it shares none that is not yet greeted. So it opens no more than carry all, and a
 * spare one beside those that end. */
static bool set_size(pool *p) {
  size_t kept = p->most + SPARE_CONNECTIONS;
  if (kept > MAX_CONNECTIONS)
    kept = MAX_CONNECTIONS;
  size_t open = p->in_turn ? 0 : p->most / STREAMS + 2 + p->unserved; /* 0: no limit */
  return curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, (long)kept) == CURLM_OK &&
         curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)open) ==
             CURLM_OK;
}

void engine_pool_enter(const transfer *t) {
  pool *p = t->pool;
  bool is_most = ++p->running > p->most;
  bool is_new = !t->secure && !p->in_turn;
  if (is_most)
    p->most = p->running;
  if (is_new)
    p->in_turn = true;
  if (is_most || is_new)
    set_size(p);
}

void engine_pool_unshare(pool *p) {
  set_size(p);
  engine_deadline_hurry(p);
}

void engine_pool_widen(pool *p) {
  p->unserved++;
  set_size(p);
}

static bool open_multi(pool *p) {
  int numbers[2];
  engine_fds_next(numbers);
  p->multi = curl_multi_init();
  if (!p->multi || !engine_watch_install(p) || !set_size(p))
    return false;
  engine_fds_note_pair(p, numbers);
  return true;
}

static bool copy_settings(pool *p, const engine_transport *from,
                          const file_state *files) {
  for (size_t i = 0; i < ENGINE_TEXTS; i++) {
    buffer_init(&p->texts[i], MAX_TEXT);
    p->texts[i].secret = true;
    if (from->texts[i].data &&
        !(buffer_append_slice(&p->texts[i], from->texts[i]) && buffer_text(&p->texts[i])))
      return false;
  }
  memcpy(p->files, files, sizeof p->files);
  p->insecure = from->insecure;
  return true;
}

static pool *new_pool(engine *e, const engine_transport *wanted,
                      const file_state *files) {
  pool *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->owner = e;
  p->next = e->pools;
  e->pools = p;
  if (copy_settings(p, wanted, files) && open_multi(p))
    return p;
  engine_pool_free(p);
  return NULL;
}

static void detach_slots(const pool *p) {
  engine *e = p->owner;
  for (size_t i = 0; i < e->slot_count; i++) {
    transfer *t = e->slots[i];
    if (t->pool != p)
      continue;
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
    t->pool = NULL;
    if (t->state == TRANSFER_FREE)
      engine_give_slot(e, t);
  }
}

void engine_pool_free(pool *p) {
  pool **link = &p->owner->pools;
  while (*link != p)
    link = &(*link)->next;
  *link = p->next;
  detach_slots(p);
  curl_multi_cleanup(p->multi);
  engine_fds_leave(p);
  engine_watch_leave(p);
  for (size_t i = 0; i < ENGINE_TEXTS; i++)
    buffer_free(&p->texts[i]);
  free(p);
}

/* --- finding one ------------------------------------------------------------------- */

static void put_first(pool **link) {
  pool *p = *link;
  *link = p->next;
  p->next = p->owner->pools;
  p->owner->pools = p;
}

/* Connections that were made with a file which is there no more end with their calls. */
static void drop_outdated(engine *e, const engine_transport *wanted) {
  for (pool *p = e->pools, *next; p; p = next) {
    next = p->next;
    if (p->running == 0 && has_settings(p, wanted))
      engine_pool_free(p);
  }
}

static void look_at_all(const engine_transport *wanted, file_state *files) {
  for (size_t i = 0; i < ENGINE_FILES; i++)
    files[i] = look_at(wanted->texts[i].data);
}

/* The files are for TLS alone. A look is a system call, 3 % of a trigger on a connection
 * that is open, so one holds for a millisecond: what changes within it is seen at the
 * next. */
pool *engine_pool_find(engine *e, const engine_request *request) {
  const engine_transport *wanted = &request->transport;
  bool may_use_tls = request_is_secure(request) || request_may_use_proxy(request);
  file_state files[ENGINE_FILES];
  bool looked = false;
  int64_t now = may_use_tls ? engine_now() : 0;
  for (pool **link = &e->pools; *link; link = &(*link)->next) {
    pool *p = *link;
    if (p->broken || !has_settings(p, wanted))
      continue;
    if (may_use_tls && p->looked_at != now) {
      if (!looked)
        look_at_all(wanted, files);
      looked = true;
      if (!has_files(p, files))
        continue;
      p->looked_at = now;
    }
    put_first(link);
    return p;
  }
  drop_outdated(e, wanted);
  if (!looked)
    look_at_all(wanted, files);
  return new_pool(e, wanted, files);
}

void engine_pool_trim(engine *e) {
  size_t idle = 0;
  for (pool *p = e->pools, *next; p; p = next) {
    next = p->next;
    if (p->running == 0 && ++idle > MAX_IDLE)
      engine_pool_free(p);
  }
}
