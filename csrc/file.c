/* The text is written to PATH.new and synced, PATH.new is renamed, and the directory is
 * synced. PATH.new is the same name every time, so that a process that is killed here
 * leaves at most one file, which the next save uses. */
#include "file.h"
#include "file_open.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char suffix[] = ".new";

/* How often PATH.new is tried, and how long one that is in use is waited for each time.
 */
enum { TRIES = 100, WAIT_NS = 10 * 1000 * 1000 };

typedef struct paths {
  const char *final;
  char temporary[PATH_MAX];
  char directory[PATH_MAX];
} paths;

static bool derive_paths(paths *p, const char *path) {
  size_t len = strlen(path);
  errno = len == 0 ? ENOENT : ENAMETOOLONG;
  if (len == 0 || len + sizeof suffix > sizeof p->temporary)
    return false;
  p->final = path;
  memcpy(p->temporary, path, len);
  memcpy(p->temporary + len, suffix, sizeof suffix);
  const char *slash = strrchr(path, '/');
  size_t parent = slash ? (size_t)(slash - path) : 0;
  memcpy(p->directory, path, parent);
  p->directory[parent] = '\0';
  if (parent == 0)
    memcpy(p->directory, slash ? "/" : ".", 2);
  return true;
}

static void unlink_quietly(const char *path) {
  int why = errno;
  unlink(path);
  errno = why;
}

/* --- PATH.new ---------------------------------------------------------------------- */

typedef enum claim { CLAIM_OURS, CLAIM_BUSY, CLAIM_GONE, CLAIM_FOREIGN } claim;

/* Whether the open PATH.new is this process's alone to write into. In a directory that
 * others can write to, it may be anything: a link to another file, or a file whose owner
 * would go on writing to the journal. A second name comes from a save that was killed
 * when both names stood for the same file: written into, it would change the journal. */
static claim claim_new(int fd, const char *path) {
  struct stat opened, named;
  if (fstat(fd, &opened) != 0 || !S_ISREG(opened.st_mode) || opened.st_uid != geteuid())
    return CLAIM_FOREIGN;
  /* Where there are no locks, two processes that save at once are not told apart. */
  if (!file_try_lock(fd) && errno == EWOULDBLOCK)
    return CLAIM_BUSY;
  if (lstat(path, &named) != 0 || named.st_ino != opened.st_ino ||
      named.st_dev != opened.st_dev)
    return CLAIM_GONE;
  return named.st_nlink == 1 ? CLAIM_OURS : CLAIM_FOREIGN;
}

/* Whether a name that cannot be opened for writing may be removed for that. */
static bool is_removable(int why) {
  return why == ELOOP || why == ENXIO || why == EACCES || why == EMLINK;
}

static bool remove_new(const char *path) { return unlink(path) == 0 || errno == ENOENT; }

static void wait_a_little(void) {
  struct timespec pause = {0, WAIT_NS};
  nanosleep(&pause, NULL);
}

/* An empty file that no other process has, locked; or -1. */
static int open_new(const char *path) {
  for (int i = 0; i < TRIES; i++) {
    int fd = file_open_own(path);
    if (fd < 0) {
      int why = errno;
      if (!is_removable(why) || !remove_new(path)) {
        errno = why;
        return -1;
      }
      continue;
    }
    claim found = claim_new(fd, path);
    if (found == CLAIM_OURS && ftruncate(fd, 0) == 0 &&
        fchmod(fd, S_IRUSR | S_IWUSR) == 0)
      return fd;
    file_close(fd);
    if (found == CLAIM_OURS || (found == CLAIM_FOREIGN && !remove_new(path)))
      return -1;
    if (found == CLAIM_BUSY)
      wait_a_little();
  }
  errno = EBUSY;
  return -1;
}

/* --- saving ------------------------------------------------------------------------ */

static bool write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    ssize_t written = write(fd, data, len);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    data += written;
    len -= (size_t)written;
  }
  return true;
}

static bool file_exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 || errno != ENOENT;
}

/* Gives the text its final name, unless a file has that name. A dangling symbolic link
 * does not count. */
static bool create_final(const paths *p) {
  if (link(p->temporary, p->final) == 0) {
    unlink_quietly(p->temporary);
    return true;
  }
  int why = errno;
  bool may_rename = why == EEXIST || why == EPERM || why == EOPNOTSUPP || why == ENOSYS;
  if (may_rename && !file_exists(p->final))
    return rename(p->temporary, p->final) == 0;
  /* Where there are no second names, link does not say that there is a file. */
  errno = may_rename ? EEXIST : why;
  return false;
}

static bool take_name(const paths *p, file_mode mode) {
  return mode == FILE_CREATE ? create_final(p) : rename(p->temporary, p->final) == 0;
}

static const char *sync_directory(const char *path) {
  static const char failure[] = "made durable (fsync of its directory)";
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return failure;
  /* Some file systems have no such thing as syncing a directory. */
  bool synced = fsync(fd) == 0 || errno == EINVAL;
  file_close(fd);
  return synced ? NULL : failure;
}

const char *file_save(const char *path, const char *text, size_t len, file_mode mode) {
  paths p;
  if (!derive_paths(&p, path))
    return "created";
  int fd = open_new(p.temporary);
  if (fd < 0)
    return "created";
  const char *failed = NULL;
  if (!write_all(fd, text, len))
    failed = "written";
  else if (fsync(fd) != 0)
    failed = "synced";
  else if (!take_name(&p, mode))
    failed = mode == FILE_CREATE ? "created" : "replaced";
  if (failed)
    unlink_quietly(p.temporary);
  /* After an fsync, close has nothing left to report that matters. The lock on PATH.new
   * ends here, when the name belongs to another file or to none. */
  file_close(fd);
  return failed ? failed : sync_directory(p.directory);
}
