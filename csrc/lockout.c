#include "lockout.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

typedef struct try_out {
  uint64_t ticket; /* 0: none */
  int64_t until;
} try_out;

typedef struct record {
  char name[LOCKOUT_NAME_MAX];
  size_t name_len;   /* 0: the record is free */
  bool accepted;     /* anybody may send */
  bool proven;       /* accepted at least once, also if refused since */
  unsigned refusals; /* in a row */
  bool blocked;
  int64_t blocked_until; /* if blocked */
  int64_t refused_at;
  int64_t used_at;
  try_out tries[LOCKOUT_REFUSALS];
  size_t note_len;
  char note[LOCKOUT_NOTE_MAX];
} record;

typedef struct memory {
  pthread_mutex_t lock;
  uint64_t last_ticket;
  size_t count; /* records that were ever in use */
  record records[LOCKOUT_RECORDS];
} memory;

/* Set once by lockout_open, and read only after that; what it points to is guarded by its
 * own lock. */
static memory *shared;

/* For a system that gives no shared mapping. */
static memory fallback;

/* A lock that outlives its owner. macOS has none, and so gets no shared mapping. */
static bool make_robust(pthread_mutexattr_t *kind) {
#ifdef __APPLE__
  (void)kind;
  return false;
#else
  return pthread_mutexattr_setpshared(kind, PTHREAD_PROCESS_SHARED) == 0 &&
         pthread_mutexattr_setrobust(kind, PTHREAD_MUTEX_ROBUST) == 0;
#endif
}

static int take_over(pthread_mutex_t *lock) {
#ifdef __APPLE__
  (void)lock;
  return EINVAL;
#else
  return pthread_mutex_consistent(lock);
#endif
}

static bool init_lock(memory *m, bool across_processes) {
  pthread_mutexattr_t kind;
  if (pthread_mutexattr_init(&kind) != 0)
    return false;
  bool ok = !across_processes || make_robust(&kind);
  ok = ok && pthread_mutex_init(&m->lock, &kind) == 0;
  pthread_mutexattr_destroy(&kind);
  return ok;
}

/* The child has one thread; another one of the parent's may have held the lock. */
static void renew_fallback(void) { (void)init_lock(&fallback, false); }

static memory *map_shared(void) {
  memory *m =
      mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (m == MAP_FAILED)
    return NULL;
  if (init_lock(m, true))
    return m;
  munmap(m, sizeof *m);
  return NULL;
}

static void make_memory(void) {
  shared = map_shared();
  if (shared)
    return;
  if (init_lock(&fallback, false) && pthread_atfork(NULL, NULL, renew_fallback) == 0)
    shared = &fallback;
}

void lockout_open(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, make_memory);
}

/* The owner of the lock died while it wrote, so lengths are checked before they are used.
 * Counts that are one step behind do no harm. */
static void repair_memory(memory *m) {
  if (m->count > LOCKOUT_RECORDS)
    m->count = LOCKOUT_RECORDS;
  for (size_t i = 0; i < m->count; i++) {
    record *r = &m->records[i];
    if (r->name_len > sizeof r->name || r->note_len > sizeof r->note)
      memset(r, 0, sizeof *r);
  }
}

/* NULL: no record can have that name, or the lock cannot be had. */
static memory *lock_memory(slice name) {
  if (name.len == 0 || name.len > LOCKOUT_NAME_MAX || !shared)
    return NULL;
  int status = pthread_mutex_lock(&shared->lock);
  if (status == EOWNERDEAD) {
    repair_memory(shared);
    status = take_over(&shared->lock);
  }
  return status == 0 ? shared : NULL;
}

static void unlock_memory(memory *m) { (void)pthread_mutex_unlock(&m->lock); }

static unsigned active_tries(record *r, int64_t now) {
  unsigned active = 0;
  for (size_t i = 0; i < LOCKOUT_REFUSALS; i++) {
    if (r->tries[i].ticket != 0 && r->tries[i].until <= now)
      r->tries[i].ticket = 0;
    active += r->tries[i].ticket != 0;
  }
  return active;
}

static try_out *find_try(record *r, uint64_t ticket) {
  for (size_t i = 0; i < LOCKOUT_REFUSALS; i++)
    if (r->tries[i].ticket == ticket)
      return &r->tries[i];
  return NULL;
}

static void end_try(record *r, uint64_t ticket) {
  try_out *own = ticket != 0 ? find_try(r, ticket) : NULL;
  if (own)
    own->ticket = 0;
}

/* When its time is up a blocked key is one that nothing is known of: the user may have
 * corrected it at the service. */
static bool is_blocked(record *r, int64_t now) {
  if (!r->blocked || now < r->blocked_until)
    return r->blocked;
  r->blocked = false;
  r->refusals = 0;
  r->proven = false;
  r->note_len = 0;
  return false;
}

/* Whether forgetting it could let too many wrong signatures out. */
static bool is_needed(record *r, int64_t now) {
  return is_blocked(r, now) || active_tries(r, now) > 0 ||
         (r->refusals > 0 && now - r->refused_at < LOCKOUT_MS);
}

static record *find_record(memory *m, slice name) {
  for (size_t i = 0; i < m->count; i++) {
    record *r = &m->records[i];
    if (r->name_len == name.len && memcmp(r->name, name.data, name.len) == 0)
      return r;
  }
  return NULL;
}

/* A record that never was in use, or the one used longest ago that may be forgotten. */
static record *find_free_record(memory *m, int64_t now) {
  if (m->count < LOCKOUT_RECORDS)
    return &m->records[m->count++];
  record *oldest = NULL;
  for (size_t i = 0; i < m->count; i++) {
    record *r = &m->records[i];
    if (!is_needed(r, now) && (!oldest || r->used_at < oldest->used_at))
      oldest = r;
  }
  return oldest;
}

/* NULL: there is no room. */
static record *obtain_record(memory *m, slice name, int64_t now) {
  record *r = find_record(m, name);
  if (!r) {
    r = find_free_record(m, now);
    if (!r)
      return NULL;
    memset(r, 0, sizeof *r);
    memcpy(r->name, name.data, name.len);
    r->name_len = name.len;
  }
  r->used_at = now;
  return r;
}

static void copy_note(const record *r, lockout_answer *answer) {
  answer->note_len = r->note_len;
  memcpy(answer->note, r->note, r->note_len);
}

static void set_note(record *r, slice note) {
  r->note_len = note.len < sizeof r->note ? note.len : sizeof r->note;
  memcpy(r->note, note.data, r->note_len);
}

/* Prepares the answer for the case that NULL is returned. */
static memory *begin_answer(slice name, lockout_answer *answer) {
  answer->state = LOCKOUT_UNABLE;
  answer->ticket = 0;
  answer->note_len = 0;
  return lock_memory(name);
}

void lockout_look(slice name, int64_t now, lockout_answer *answer) {
  memory *m = begin_answer(name, answer);
  if (!m)
    return;
  record *r = find_record(m, name);
  answer->state = LOCKOUT_NEW;
  if (r) {
    r->used_at = now;
    if (is_blocked(r, now))
      answer->state = LOCKOUT_BLOCKED;
    else if (r->accepted)
      answer->state = LOCKOUT_OPEN;
    copy_note(r, answer);
  }
  unlock_memory(m);
}

uint64_t lockout_ticket(slice name) {
  memory *m = lock_memory(name);
  if (!m)
    return 0;
  uint64_t ticket = ++m->last_ticket;
  unlock_memory(m);
  return ticket;
}

/* Starts a try, or prolongs the caller's own; 0: another call tries the key out. */
static uint64_t start_try(memory *m, record *r, int64_t now, int64_t until,
                          uint64_t ticket, bool second) {
  unsigned active = active_tries(r, now);
  try_out *own = ticket != 0 ? find_try(r, ticket) : NULL;
  bool free = second ? active + r->refusals < LOCKOUT_REFUSALS : active == 0;
  if (!own && free)
    own = find_try(r, 0);
  if (!own)
    return 0;
  if (own->ticket == 0)
    own->ticket = ticket != 0 ? ticket : ++m->last_ticket;
  own->until = until;
  return own->ticket;
}

void lockout_enter(slice name, int64_t now, int64_t until, uint64_t ticket, bool second,
                   lockout_answer *answer) {
  memory *m = begin_answer(name, answer);
  if (!m)
    return;
  record *r = obtain_record(m, name, now);
  if (r) {
    if (is_blocked(r, now)) {
      answer->state = LOCKOUT_BLOCKED;
    } else if (r->accepted) {
      answer->state = LOCKOUT_OPEN;
    } else {
      answer->ticket = start_try(m, r, now, until, ticket, second);
      answer->state = answer->ticket != 0 ? LOCKOUT_TRIAL : LOCKOUT_BUSY;
    }
    copy_note(r, answer);
  }
  unlock_memory(m);
}

bool lockout_accept(slice name, int64_t now) {
  memory *m = lock_memory(name);
  if (!m)
    return false;
  record *r = obtain_record(m, name, now);
  bool news = r && !r->accepted;
  if (news) {
    r->accepted = r->proven = true;
    r->refusals = 0;
    r->blocked = false;
    r->note_len = 0;
    memset(r->tries, 0, sizeof r->tries);
  }
  unlock_memory(m);
  return news;
}

static lockout_state count_refusal(record *r, int64_t now, lockout_evidence evidence,
                                   slice note) {
  if (evidence == LOCKOUT_DOUBTFUL && r->proven)
    return LOCKOUT_OPEN;
  r->accepted = false;
  if (evidence == LOCKOUT_LOCKED)
    r->refusals = LOCKOUT_REFUSALS;
  else if (r->refusals < LOCKOUT_REFUSALS)
    r->refusals++;
  r->refused_at = now;
  set_note(r, note);
  if (r->refusals < LOCKOUT_REFUSALS)
    return LOCKOUT_NEW;
  r->blocked = true;
  r->blocked_until = now + LOCKOUT_MS;
  return LOCKOUT_BLOCKED;
}

lockout_state lockout_refuse(slice name, int64_t now, uint64_t ticket,
                             lockout_evidence evidence, slice note) {
  lockout_state state = LOCKOUT_UNABLE;
  memory *m = lock_memory(name);
  if (!m)
    return state;
  record *r = obtain_record(m, name, now);
  if (r) {
    end_try(r, ticket);
    (void)is_blocked(r, now); /* what was counted before the block ended is over */
    state = count_refusal(r, now, evidence, note);
  }
  unlock_memory(m);
  return state;
}

void lockout_release(slice name, uint64_t ticket) {
  memory *m = lock_memory(name);
  if (!m)
    return;
  record *r = find_record(m, name);
  if (r)
    end_try(r, ticket);
  unlock_memory(m);
}
