/* What is known of keys that a service may lock: which were accepted, how often each was
 * refused, and who tries one out now. A service locks an access key after a few wrong
 * signatures in a row, from any sender, so this memory belongs to no Lua state. It is
 * one shared mapping with a lock of its own: all states and threads of the process use
 * it, and so do the processes forked after lockout_open.
 *
 * A record is found by the one-way name of a key pair. No key, secret or token is ever
 * kept here, so there is nothing to wipe. A note is text that its caller has masked.
 *
 * For every record, refusals and tries in progress together never exceed
 * LOCKOUT_REFUSALS, so no more wrong signatures leave before the key is blocked.
 *
 * Threads: every function may be called from any thread at any time after lockout_open
 * has returned once. The lock is held for a bounded scan, never while anything waits.
 * Fork: a child shares the memory. If a process dies while it has the lock, the next one
 * takes it over; if it dies while it tries a key out, its try ends at the time it gave.
 * Where no shared mapping can be had, each process has a memory of its own.
 * Failure: nothing here allocates after lockout_open. A full table, or a lock that cannot
 * be had, is LOCKOUT_UNABLE: the caller sends nothing. */
#ifndef AOM_LOCKOUT_H
#define AOM_LOCKOUT_H

#include "buffer.h"
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum {
  LOCKOUT_NAME_MAX = 64,
  LOCKOUT_NOTE_MAX = 1024,
  LOCKOUT_RECORDS = 512,
  LOCKOUT_REFUSALS = 2,
  LOCKOUT_MS = 300000, /* how long a key stays blocked */
};

typedef enum lockout_state {
  LOCKOUT_NEW,     /* lockout_look only: it has to be tried out */
  LOCKOUT_OPEN,    /* accepted: anybody may send */
  LOCKOUT_TRIAL,   /* the caller tries it out, and has a ticket */
  LOCKOUT_BUSY,    /* another call tries it out */
  LOCKOUT_BLOCKED, /* refused too often: nothing may be sent */
  LOCKOUT_UNABLE,  /* no room or no lock: nothing may be sent */
} lockout_state;

typedef enum lockout_evidence {
  LOCKOUT_DOUBTFUL, /* counts unless the key has been accepted before */
  LOCKOUT_CERTAIN,  /* counts */
  LOCKOUT_LOCKED,   /* the service says that it has locked the key */
} lockout_evidence;

/* `note` is a copy of what the last refusal left, of `note_len` bytes. */
typedef struct lockout_answer {
  lockout_state state;
  uint64_t ticket; /* never 0 with LOCKOUT_TRIAL */
  size_t note_len;
  char note[LOCKOUT_NOTE_MAX];
} lockout_answer;

/* Makes the memory, once for the process; later calls do nothing. */
void lockout_open(void);

/* All times are milliseconds of one monotonic clock that the processes share. A name
 * longer than LOCKOUT_NAME_MAX is LOCKOUT_UNABLE; a note is cut at LOCKOUT_NOTE_MAX. */

/* What is known, without asking for anything. */
void lockout_look(slice name, int64_t now, lockout_answer *answer);

/* A ticket for a try that has not begun, so that who begins it can end it, come what may.
 * 0: the memory cannot be had. */
uint64_t lockout_ticket(slice name);

/* Asks to send. A try ends at `until` if nobody ends it before. `ticket` is that of the
 * caller's own try, which begins or is prolonged, or 0 for a new one. A caller that
 * cannot wait for the running try sets `second`: it may send too, as long as refusals and
 * running tries together stay within the limit. */
void lockout_enter(slice name, int64_t now, int64_t until, uint64_t ticket, bool second,
                   lockout_answer *answer);

/* The service has accepted the key: all counts are cleared and all tries are over.
 * Returns whether that is news. */
bool lockout_accept(slice name, int64_t now);

/* The service has refused the key; ends the try of `ticket` too. LOCKOUT_OPEN: it was
 * not counted. LOCKOUT_NEW: it was. LOCKOUT_BLOCKED: nothing is sent from now on. */
lockout_state lockout_refuse(slice name, int64_t now, uint64_t ticket,
                             lockout_evidence evidence, slice note);

/* Ends a try that brought no answer; a ticket that is over is ignored. */
void lockout_release(slice name, uint64_t ticket);

#pragma GCC visibility pop

#endif
