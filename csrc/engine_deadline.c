/* The deadline of each transfer. libcurl does not keep one for a transfer that waits for
 * another's connection, or after it has run out of memory.
 *
 * The transfers in flight form a binary heap by the next moment at which something is
 * due for them, so that a poll looks at one of them, however many there are. */
#include "engine_internal.h"
#include <time.h>

/* How long a transfer waits to learn whether another's connection is HTTP/2. */
enum { PATIENCE_MS = 250 };

int64_t engine_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

double engine_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* --- the heap; a transfer knows its place in it, counted from 1 -------------------- */

static void place_in_heap(engine *e, size_t place, transfer *t) {
  e->due[place - 1] = t;
  t->due_place = place;
}

static void rise_in_heap(engine *e, size_t place, transfer *t) {
  while (place > 1 && e->due[place / 2 - 1]->due > t->due) {
    place_in_heap(e, place, e->due[place / 2 - 1]);
    place /= 2;
  }
  place_in_heap(e, place, t);
}

static void sink_in_heap(engine *e, size_t place, transfer *t) {
  for (size_t child; (child = 2 * place) <= e->due_count; place = child) {
    if (child < e->due_count && e->due[child]->due < e->due[child - 1]->due)
      child++;
    if (e->due[child - 1]->due >= t->due)
      break;
    place_in_heap(e, place, e->due[child - 1]);
  }
  place_in_heap(e, place, t);
}

void engine_deadline_set(engine *e, transfer *t) {
  t->due = t->deadline;
  if (t->shares && t->started + PATIENCE_MS < t->deadline)
    t->due = t->started + PATIENCE_MS;
  rise_in_heap(e, ++e->due_count, t);
}

void engine_deadline_drop(engine *e, transfer *t) {
  size_t place = t->due_place;
  transfer *last = e->due[--e->due_count];
  if (last == t)
    return;
  if (place > 1 && e->due[place / 2 - 1]->due > last->due)
    rise_in_heap(e, place, last);
  else
    sink_in_heap(e, place, last);
}

/* --- what is due ------------------------------------------------------------------- */

/* libcurl takes a change of this option only before the transfer begins. */
static void stop_sharing(engine *e, transfer *t) {
  t->shares = false;
  if (transfer_is_begun(t))
    return;
  engine_pool_widen(t->pool);
  curl_multi_remove_handle(t->pool->multi, t->easy);
  if (curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, 0L) != CURLE_OK ||
      curl_multi_add_handle(t->pool->multi, t->easy) != CURLM_OK)
    engine_end(e, t, ENGINE_MEMORY, engine_no_memory);
}

void engine_deadline_expire(engine *e) {
  for (int64_t now = engine_now(); e->due_count > 0 && e->due[0]->due <= now;) {
    transfer *t = e->due[0];
    if (t->deadline <= now) {
      engine_end(e, t, ENGINE_TIMEOUT, transfer_late(t));
      engine_http2_late(e, t);
      continue;
    }
    t->due = t->deadline;
    sink_in_heap(e, 1, t);
    if (t->shares)
      stop_sharing(e, t);
  }
}

void engine_deadline_hurry(pool *p) {
  engine *e = p->owner;
  for (size_t i = 0; i < e->slot_count; i++) {
    transfer *t = e->slots[i];
    if (t->pool == p && t->state == TRANSFER_RUNNING && t->shares)
      stop_sharing(e, t);
  }
}

int64_t engine_deadline_next(const engine *e) {
  return e->due_count > 0 ? e->due[0]->due : INT64_MAX;
}
