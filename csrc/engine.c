#include "engine_internal.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Counts the forks this process descends from since it was loaded, so that an
 * engine sees that it was made by a parent. The module is never unloaded, so
 * the handler can stay registered. */
static unsigned long process_generation;
static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static bool process_ready;

static void count_fork(void) { process_generation++; }

/* The host may use libcurl too, so curl_global_cleanup is never called. */
static void prepare_process(void) {
  process_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
                  pthread_atfork(NULL, NULL, count_fork) == 0;
}

engine *engine_new(void) {
  pthread_once(&process_once, prepare_process);
  if (!process_ready)
    return NULL;
  engine *e = calloc(1, sizeof *e);
  if (!e)
    return NULL;
  e->generation = process_generation;
  e->shares_openssl = engine_tls_is_shared();
  e->previews_headers = transfer_needs_preview();
  return e;
}

static void leave_flight(engine *e, transfer *t) {
  engine_deadline_drop(e, t);
  t->pool->running--;
  e->running--;
}

static void queue_done(engine *e, transfer *t) {
  leave_flight(e, t);
  t->state = TRANSFER_DONE;
  t->next = NULL;
  if (e->done_last)
    e->done_last->next = t;
  else
    e->done_first = t;
  e->done_last = t;
}

/* What libcurl made in the parent is leaked on purpose, except for the sockets: freeing
 * it would write to connections that the parent still uses. */
static void abandon_parent(engine *e) {
  e->generation = process_generation;
  for (size_t i = 0; i < e->slot_count; i++) {
    transfer *t = e->slots[i];
    t->easy = NULL;
    if (t->state == TRANSFER_RUNNING) {
      transfer_fail(t, ENGINE_FORKED,
                    "the process was forked while the request was in flight");
      queue_done(e, t);
    }
  }
  e->socket_count = 0;
  engine_fds_abandon(e);
  while (e->pools) {
    e->pools->multi = NULL;
    engine_pool_free(e->pools);
  }
}

void engine_enter(engine *e) {
  if (e->generation != process_generation)
    abandon_parent(e);
}

void engine_free(engine *e) {
  if (!e)
    return;
  engine_enter(e);
  for (size_t i = 0; i < e->slot_count; i++)
    if (e->slots[i]->state == TRANSFER_RUNNING)
      engine_end(e, e->slots[i], ENGINE_NETWORK, "");
  while (e->pools)
    engine_pool_free(e->pools);
  for (size_t i = 0; i < e->slot_count; i++)
    transfer_free(e->slots[i]);
  free(e->slots);
  free(e->due);
  free(e->sockets);
  free(e->polled);
  free(e->opened);
  free(e);
}

/* --- slots: an id holds its slot's number in its low bits -------------------------- */

enum { SLOT_BITS = 16, MAX_SLOTS = 1 << SLOT_BITS };

static transfer *find_transfer(engine *e, engine_id id) {
  size_t slot = (size_t)(id & (MAX_SLOTS - 1));
  if (id == 0 || slot >= e->slot_count || e->slots[slot]->id != id)
    return NULL;
  return e->slots[slot];
}

static transfer *add_slot(engine *e) {
  if (e->slot_count == MAX_SLOTS)
    return NULL;
  transfer **slots = realloc(e->slots, (e->slot_count + 1) * sizeof(transfer *));
  if (!slots)
    return NULL;
  e->slots = slots;
  transfer **due = realloc(e->due, (e->slot_count + 1) * sizeof(transfer *));
  if (!due)
    return NULL;
  e->due = due;
  transfer *t = calloc(1, sizeof *t);
  if (!t)
    return NULL;
  t->owner = e;
  t->slot = e->slot_count;
  e->slots[e->slot_count++] = t;
  return t;
}

/* One that has the pool's settings already, or none. */
static transfer *take_slot(pool *p) {
  engine *e = p->owner;
  transfer **list = p->free_first ? &p->free_first : &e->free_first;
  transfer *t = *list;
  if (t)
    *list = t->next;
  else
    t = add_slot(e);
  if (t) {
    t->pool = p;
    t->next = NULL;
  }
  return t;
}

void engine_give_slot(engine *e, transfer *t) {
  transfer **list = t->pool ? &t->pool->free_first : &e->free_first;
  t->id = 0;
  t->state = TRANSFER_FREE;
  t->next = *list;
  *list = t;
}

/* Every transfer ends here. */
static void give_back(engine *e, transfer *t) {
  transfer_clear(t);
  engine_give_slot(e, t);
  engine_pool_trim(e);
}

engine_id engine_start(engine *e, const engine_request *request, engine_outcome *why) {
  engine_enter(e);
  pool *p = engine_pool_find(e, request);
  transfer *t = p ? take_slot(p) : NULL;
  if (!t) {
    *why = engine_fds_are_used_up() ? ENGINE_DESCRIPTORS : ENGINE_MEMORY;
    return 0;
  }
  bool prepared = transfer_prepare(t, request, why);
  if (prepared)
    *why = ENGINE_MEMORY;
  if (!prepared || curl_multi_add_handle(p->multi, t->easy) != CURLM_OK) {
    give_back(e, t);
    return 0;
  }
  t->state = TRANSFER_RUNNING;
  engine_deadline_set(e, t);
  t->id = (++e->serial << SLOT_BITS) | t->slot;
  e->running++;
  engine_pool_enter(t);
  return t->id;
}

/* --- driving ----------------------------------------------------------------------- */

void engine_drain(pool *p) {
  CURLMsg *message;
  int left;
  bool shares = !p->in_turn;
  while ((message = curl_multi_info_read(p->multi, &left))) {
    if (message->msg != CURLMSG_DONE)
      continue;
    CURLcode code = message->data.result;
    char *user = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    transfer *t = (transfer *)(void *)user;
    transfer_finish(t, code);
    engine_idle_note(t);
    curl_multi_remove_handle(p->multi, t->easy);
    queue_done(p->owner, t);
  }
  if (shares && p->in_turn)
    engine_pool_unshare(p);
}

void engine_end(engine *e, transfer *t, engine_outcome outcome, const char *text) {
  transfer_fail(t, outcome, text);
  curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, NULL); /* which may hold the text */
  t->series = 0;
  curl_multi_remove_handle(t->pool->multi, t->easy);
  queue_done(e, t);
}

/* A multi handle that reports an error is of no use to any of its transfers. libcurl 7.88
 * divides by zero when it looks at a socket for which it had no memory before. */
void engine_break(pool *p, CURLMcode code) {
  engine *e = p->owner;
  p->broken = true;
  for (size_t i = 0; i < e->slot_count; i++) {
    transfer *t = e->slots[i];
    if (t->pool != p || t->state != TRANSFER_RUNNING)
      continue;
    if (code == CURLM_OUT_OF_MEMORY)
      engine_end(e, t, ENGINE_MEMORY, engine_no_memory);
    else
      engine_end(e, t, ENGINE_NETWORK, curl_multi_strerror(code));
  }
}

engine_id engine_next_finished(engine *e) {
  engine_enter(e);
  transfer *t = e->done_first;
  if (!t)
    return 0;
  e->done_first = t->next;
  if (!e->done_first)
    e->done_last = NULL;
  t->next = NULL;
  return t->id;
}

bool engine_has_only_finished(engine *e, engine_id id) {
  engine_enter(e);
  return e->done_first && e->done_first == e->done_last && e->done_first->id == id;
}

static void unqueue_done(engine *e, transfer *gone) {
  transfer *before = NULL;
  for (transfer *t = e->done_first; t; before = t, t = t->next) {
    if (t != gone)
      continue;
    if (before)
      before->next = t->next;
    else
      e->done_first = t->next;
    if (e->done_last == t)
      e->done_last = before;
    t->next = NULL;
    return;
  }
}

static transfer *find_done(engine *e, engine_id id) {
  engine_enter(e);
  transfer *t = find_transfer(e, id);
  return t && t->state == TRANSFER_DONE ? t : NULL;
}

const engine_result *engine_look(engine *e, engine_id id) {
  transfer *t = find_done(e, id);
  return t ? &t->result : NULL;
}

const engine_result *engine_take(engine *e, engine_id id) {
  transfer *t = find_done(e, id);
  if (!t)
    return NULL;
  unqueue_done(e, t);
  t->id = 0;
  return &t->result;
}

void engine_give_back(engine *e, const engine_result *taken) {
  engine_enter(e);
  give_back(e, e->slots[taken->slot]);
}

bool engine_is_running(engine *e, engine_id id) {
  engine_enter(e);
  transfer *t = find_transfer(e, id);
  return t && t->state == TRANSFER_RUNNING;
}

bool engine_is_sent(engine *e, engine_id id) {
  engine_enter(e);
  transfer *t = find_transfer(e, id);
  return t && transfer_is_sent(t);
}

size_t engine_running(engine *e) {
  engine_enter(e);
  return e->running;
}

void engine_release(engine *e, engine_id id) {
  engine_enter(e);
  transfer *t = find_transfer(e, id);
  if (!t)
    return;
  if (t->state == TRANSFER_RUNNING) {
    curl_multi_remove_handle(t->pool->multi, t->easy);
    leave_flight(e, t);
  } else {
    unqueue_done(e, t);
  }
  give_back(e, t);
}

void engine_get_versions(engine_versions *versions) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  versions->built = LIBCURL_VERSION;
  versions->running = info->version;
  versions->tls = info->ssl_version;
  versions->http2 = (info->features & CURL_VERSION_HTTP2) != 0;
}

void engine_get_authorities(const char **file, const char **folder) {
  *file = *folder = NULL;
#if LIBCURL_VERSION_NUM >= 0x074600
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (info->age < CURLVERSION_SEVENTH)
    return;
  *file = info->cainfo;
  *folder = info->capath;
#endif
}
