/* flock belongs to an open file, and two open files of one process exclude each other. So
 * the process has one open file for each lock, in a table behind a mutex, with a count of
 * claims. */
#include "file_lock.h"
#include "file_open.h"
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct held {
  struct held *next;
  dev_t device;
  ino_t inode;
  int fd;             /* -1: the lock has ended, and claims to it are left */
  int unsupported;    /* errno, where the file system has no locks; 0: it has */
  unsigned claims;    /* the last one frees this */
  file_lock *at_work; /* NULL: none */
} held;

struct file_lock {
  held *lock;
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static held *table;    /* those whose fd is open */
static unsigned forks; /* by this process */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool prepared;

/* Whether the number is still that of our file: a host that closes all descriptors closes
 * ours, and the next file that is opened gets the number. */
static bool is_open(const held *h) {
  struct stat info;
  return h->fd >= 0 && fstat(h->fd, &info) == 0 && info.st_dev == h->device &&
         info.st_ino == h->inode;
}

static void close_lock(held *h) {
  if (is_open(h))
    close(h->fd);
  h->fd = -1;
}

/* In a forked child: its copies of the open files would keep the locks after the parent's
 * death. Closing them does not unlock the parent's. */
static void drop_all_locks(void) {
  for (; table; table = table->next)
    close_lock(table);
  pthread_mutex_unlock(&guard);
}

static void lock_table(void) { pthread_mutex_lock(&guard); }
static void unlock_table(void) { pthread_mutex_unlock(&guard); }

static void end_fork(void) {
  forks++;
  unlock_table();
}

static void prepare_locks(void) {
  prepared = pthread_atfork(lock_table, end_fork, drop_all_locks) == 0;
}

/* --- who has it: "PID HOST" in the file, for people -------------------------------- */

static void write_owner(int fd, const struct stat *info) {
  char host[256] = "", text[300];
  if (info->st_nlink != 1) /* somebody's other file, under this name */
    return;
  (void)gethostname(host, sizeof host - 1);
  int len = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), host);
  /* In this order also a full disk takes it. */
  if (pwrite(fd, text, (size_t)len, 0) == len)
    (void)!ftruncate(fd, len);
}

static bool is_dead(const file_lock_owner *owner) {
  char host[256] = "";
  (void)gethostname(host, sizeof host - 1);
  return strcmp(host, owner->host) == 0 && kill((pid_t)owner->pid, 0) != 0 &&
         errno == ESRCH;
}

/* The text may name the owner before: the new one may not have written its own yet. */
static void read_owner(int fd, file_lock_owner *owner) {
  char text[300];
  ssize_t len = pread(fd, text, sizeof text - 1, 0);
  text[len > 0 ? len : 0] = '\0';
  char *end;
  owner->pid = strtol(text, &end, 10);
  if (owner->pid > 0 && *end == ' ' && strlen(end + 1) < sizeof owner->host) {
    memcpy(owner->host, end + 1, strlen(end + 1) + 1);
    owner->host[strcspn(owner->host, "\n")] = '\0';
    if (!is_dead(owner))
      return;
  }
  owner->pid = 0;
}

/* --- taking it --------------------------------------------------------------------- */

static void take_out(const held *gone) {
  held **link = &table;
  while (*link != gone)
    link = &(*link)->next;
  *link = gone->next;
}

static void end_lock(held *h) {
  if (h->fd < 0)
    return;
  take_out(h);
  close_lock(h);
}

/* One whose file somebody has closed has ended. `fd` is open to the same file, and may
 * have got the number. */
static held *find_held(int fd, const struct stat *info) {
  held *h = table;
  while (h && (h->device != info->st_dev || h->inode != info->st_ino))
    h = h->next;
  if (!h || (h->fd != fd && is_open(h)))
    return h;
  take_out(h);
  h->fd = -1;
  return NULL;
}

/* Takes the lock for the process. Owns fd from here. */
static file_lock_outcome acquire_lock(int fd, const struct stat *info, held **h,
                                      file_lock_owner *owner) {
  file_lock_outcome outcome = FILE_LOCK_TAKEN;
  int why = 0;
  if (!file_try_lock(fd)) {
    why = errno;
    outcome = why == EWOULDBLOCK ? FILE_LOCK_FOREIGN : FILE_LOCK_UNSUPPORTED;
  }
  if (outcome == FILE_LOCK_FOREIGN) {
    read_owner(fd, owner);
    close(fd);
    return outcome;
  }
  *h = calloc(1, sizeof **h);
  if (!*h) {
    close(fd);
    errno = ENOMEM;
    return FILE_LOCK_FAILED;
  }
  **h = (held){.next = table, .device = info->st_dev, .inode = info->st_ino, .fd = fd};
  (*h)->unsupported = why;
  table = *h;
  write_owner(fd, info);
  return outcome;
}

static int open_lock(const char *path, struct stat *info) {
  char name[PATH_MAX];
  int len = snprintf(name, sizeof name, "%s.lock", path);
  if (len < 0 || (size_t)len >= sizeof name) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = file_open_own(name);
  if (fd >= 0 && fstat(fd, info) == 0 && S_ISREG(info->st_mode))
    return fd;
  if (fd >= 0) {
    close(fd);
    errno = EINVAL;
  }
  return -1;
}

/* Takes a claim, with the table locked. Owns fd from here. */
static file_lock_outcome claim_lock(int fd, const struct stat *info, file_lock *lock,
                                    file_lock_owner *owner) {
  file_lock_outcome outcome = FILE_LOCK_TAKEN;
  held *h = find_held(fd, info);
  if (h)
    close(fd);
  else
    outcome = acquire_lock(fd, info, &h, owner);
  if (!h)
    return outcome;
  if (h->at_work)
    return FILE_LOCK_BUSY;
  h->claims++;
  h->at_work = lock;
  lock->lock = h;
  errno = h->unsupported;
  return h->unsupported ? FILE_LOCK_UNSUPPORTED : FILE_LOCK_TAKEN;
}

/* Opens the file and locks the table, in this order: a network's file system may hang. A
 * child that was forked in between would keep the lock by its copy of the file. */
static int open_and_lock_table(const char *path, struct stat *info) {
  for (;;) {
    lock_table();
    unsigned before = forks;
    unlock_table();
    int fd = open_lock(path, info);
    if (fd < 0)
      return fd;
    lock_table();
    if (forks == before)
      return fd;
    unlock_table();
    close(fd);
  }
}

file_lock_outcome file_lock_take(const char *path, file_lock **lock,
                                 file_lock_owner *owner) {
  pthread_once(&once, prepare_locks);
  *lock = calloc(1, sizeof **lock);
  if (!prepared || !*lock) {
    free(*lock);
    *lock = NULL;
    errno = ENOMEM;
    return FILE_LOCK_FAILED;
  }
  struct stat info;
  file_lock_outcome outcome = FILE_LOCK_FAILED;
  int fd = open_and_lock_table(path, &info);
  int why = errno;
  if (fd >= 0) {
    outcome = claim_lock(fd, &info, *lock, owner);
    why = errno;
    unlock_table();
  }
  if (!(*lock)->lock) {
    free(*lock);
    *lock = NULL;
  }
  errno = why;
  return outcome;
}

/* --- giving it back ---------------------------------------------------------------- */

void file_lock_rest(file_lock *lock) {
  lock_table();
  if (lock->lock->at_work == lock)
    lock->lock->at_work = NULL;
  unlock_table();
}

void file_lock_finish(file_lock *lock) {
  lock_table();
  end_lock(lock->lock);
  unlock_table();
}

bool file_lock_is_held(const file_lock *lock) {
  lock_table();
  bool is_held = is_open(lock->lock);
  unlock_table();
  return is_held;
}

void file_lock_free(file_lock *lock) {
  if (!lock)
    return;
  lock_table();
  held *h = lock->lock;
  if (h->at_work == lock)
    h->at_work = NULL;
  if (--h->claims == 0) {
    end_lock(h);
    free(h);
  }
  unlock_table();
  free(lock);
}
