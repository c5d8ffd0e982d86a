/* Locks that a process holds for as long as it lives, at most: several claims of one
 * process share one, also those of different Lua states and threads, and another process
 * gets none meanwhile. A child made by fork, or a program that is started, has no part
 * in it. Every function may be called from any thread. */
#ifndef AOM_FILE_LOCK_H
#define AOM_FILE_LOCK_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* One claim to the lock of a file. Its owner ends it with file_lock_free. */
typedef struct file_lock file_lock;

typedef enum file_lock_outcome {
  FILE_LOCK_TAKEN,
  FILE_LOCK_UNSUPPORTED, /* taken, and kept from this process's other claims alone;
                            errno says why */
  FILE_LOCK_BUSY,        /* another claim of this process is at work */
  FILE_LOCK_FOREIGN,     /* another process has it */
  FILE_LOCK_FAILED,      /* errno says why */
} file_lock_outcome;

typedef struct file_lock_owner {
  long pid; /* 0: not known */
  char host[256];
} file_lock_owner;

/* Claims the lock of `path`, which is the file PATH.lock, made when it is not there and
 * never removed. The claim is at work until file_lock_rest, and there is one such claim
 * at a time. With FILE_LOCK_TAKEN and FILE_LOCK_UNSUPPORTED `*lock` is the claim, else
 * NULL; with FILE_LOCK_FOREIGN `*owner` says who has it. */
file_lock_outcome file_lock_take(const char *path, file_lock **lock,
                                 file_lock_owner *owner);

/* Leaves the lock to the process's other claims, and keeps other processes from it. */
void file_lock_rest(file_lock *lock);

/* Ends the lock itself, with all claims of the process. */
void file_lock_finish(file_lock *lock);

/* Whether the lock is still there: in a forked child, after file_lock_finish by any
 * claim, or where somebody has closed the file, it is not. */
bool file_lock_is_held(const file_lock *lock);

/* Ends a claim; the last one ends the lock. */
void file_lock_free(file_lock *lock);

#pragma GCC visibility pop

#endif
