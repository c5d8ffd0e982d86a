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

static bool copy_text(char **to, const char *from) {
  if (!from)
    return true;
  *to = strdup(from);
  return *to != NULL;
}

/* The spare ones are for other hosts than the busy one, such as the identity service. */
enum { SPARE_CONNECTIONS = 4, MAX_CONNECTIONS = 128 };

/* By default libcurl keeps four idle connections for each transfer that it still has.
 * When many calls end together it closes most of theirs, just before the next calls
 * begin. So the pool holds as many connections as there were transfers at once, with an
 * upper limit: each one is a file descriptor of the host's. */
static bool set_pool_size(engine *e) {
  size_t size = e->slot_count + SPARE_CONNECTIONS;
  if (size > MAX_CONNECTIONS)
    size = MAX_CONNECTIONS;
  return curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, (long)size) == CURLM_OK;
}

static bool open_multi(engine *e) {
  int numbers[2];
  engine_fds_next(numbers);
  e->multi = curl_multi_init();
  if (e->multi && engine_watch_install(e) && set_pool_size(e)) {
    engine_fds_note_pair(e, numbers);
    return true;
  }
  curl_multi_cleanup(e->multi);
  e->multi = NULL;
  return false;
}

/* Any of them may be secret. An empty one is a text, too. */
static bool copy_texts(engine *e, const slice *texts) {
  enum { MAX_TEXT = 8 * 1024 * 1024 };
  for (size_t i = 0; i < ENGINE_TEXTS; i++) {
    buffer *copy = &e->texts[i];
    buffer_init(copy, MAX_TEXT);
    copy->secret = true;
    if (texts[i].data && !(buffer_append_slice(copy, texts[i]) && buffer_text(copy)))
      return false;
  }
  return true;
}

engine *engine_new(const engine_options *options) {
  pthread_once(&process_once, prepare_process);
  if (!process_ready)
    return NULL;
  engine *e = calloc(1, sizeof *e);
  if (!e)
    return NULL;
  e->generation = process_generation;
  e->insecure = options->insecure;
  e->shares_openssl = engine_tls_is_shared();
  e->max_body = options->max_body;
  e->max_head = options->max_head;
  bool ok =
      copy_texts(e, options->texts) && copy_text(&e->user_agent, options->user_agent);
  if (ok && open_multi(e))
    return e;
  engine_free(e);
  return NULL;
}

static void queue_done(engine *e, transfer *t) {
  engine_deadline_drop(e, t);
  t->state = TRANSFER_DONE;
  t->next = NULL;
  if (e->done_last)
    e->done_last->next = t;
  else
    e->done_first = t;
  e->done_last = t;
  e->running--;
}

/* What libcurl made in the parent is leaked on purpose, except for the sockets: freeing
 * it would write to connections that the parent still uses. */
static void abandon_parent(engine *e) {
  e->multi = NULL;
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
  engine_watch_forget(e);
  engine_fds_abandon(e);
}

/* Every public call passes here. False: there is no working multi handle. */
bool engine_enter(engine *e) {
  if (e->generation != process_generation)
    abandon_parent(e);
  return e->multi || open_multi(e);
}

void engine_free(engine *e) {
  if (!e)
    return;
  if (e->generation != process_generation)
    abandon_parent(e);
  engine_fds_orphan(e);
  for (size_t i = 0; i < e->slot_count; i++) {
    if (e->slots[i]->state == TRANSFER_RUNNING)
      curl_multi_remove_handle(e->multi, e->slots[i]->easy);
    transfer_free(e->slots[i]);
  }
  if (e->multi)
    curl_multi_cleanup(e->multi);
  free(e->slots);
  free(e->due);
  free(e->sockets);
  free(e->polled);
  free(e->opened);
  for (size_t i = 0; i < ENGINE_TEXTS; i++)
    buffer_free(&e->texts[i]);
  free(e->user_agent);
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
  set_pool_size(e);
  return t;
}

static transfer *take_slot(engine *e) {
  transfer *t = e->free_first;
  if (!t)
    return add_slot(e);
  e->free_first = t->next;
  t->next = NULL;
  return t;
}

static void give_slot(engine *e, transfer *t) {
  transfer_clear(t);
  t->id = 0;
  t->state = TRANSFER_FREE;
  t->next = e->free_first;
  e->free_first = t;
}

engine_id engine_start(engine *e, const engine_request *request, engine_outcome *why) {
  *why = ENGINE_MEMORY;
  if (!engine_enter(e))
    return 0;
  transfer *t = take_slot(e);
  if (!t)
    return 0;
  bool prepared = transfer_prepare(t, request, why);
  if (prepared)
    *why = ENGINE_MEMORY;
  if (!prepared || curl_multi_add_handle(e->multi, t->easy) != CURLM_OK) {
    give_slot(e, t);
    return 0;
  }
  t->state = TRANSFER_RUNNING;
  engine_deadline_set(e, t);
  t->id = (++e->serial << SLOT_BITS) | t->slot;
  e->running++;
  return t->id;
}

/* --- driving ----------------------------------------------------------------------- */

void engine_drain(engine *e) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(e->multi, &left))) {
    if (message->msg != CURLMSG_DONE)
      continue;
    CURLcode code = message->data.result;
    char *user = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &user);
    transfer *t = (transfer *)(void *)user;
    transfer_finish(t, code);
    engine_idle_note(t);
    curl_multi_remove_handle(e->multi, t->easy);
    queue_done(e, t);
  }
}

void engine_end(engine *e, transfer *t, engine_outcome outcome, const char *text) {
  transfer_fail(t, outcome, text);
  curl_multi_remove_handle(e->multi, t->easy);
  queue_done(e, t);
}

/* A multi handle that reports an error is of no use to any of its transfers. */
void engine_break(engine *e, CURLMcode code) {
  for (size_t i = 0; i < e->slot_count; i++) {
    transfer *t = e->slots[i];
    if (t->state != TRANSFER_RUNNING)
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

const engine_result *engine_take(engine *e, engine_id id) {
  engine_enter(e);
  transfer *t = find_transfer(e, id);
  if (!t || t->state != TRANSFER_DONE)
    return NULL;
  unqueue_done(e, t);
  t->id = 0;
  return &t->result;
}

void engine_give_back(engine *e, const engine_result *taken) {
  give_slot(e, e->slots[taken->slot]);
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
  bool usable = engine_enter(e);
  transfer *t = find_transfer(e, id);
  if (!t)
    return;
  if (t->state == TRANSFER_RUNNING) {
    if (usable)
      curl_multi_remove_handle(e->multi, t->easy);
    engine_deadline_drop(e, t);
    e->running--;
  } else {
    unqueue_done(e, t);
  }
  give_slot(e, t);
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
