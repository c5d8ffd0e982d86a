/* Makes calls that write a file fail, or be interrupted, or kill the process: preloaded
 * by specs. FAIL is the name of the call, an optional colon and number (the first is 1;
 * with a + also all that follow), and what happens: "fsync:2=error", "rename=kill",
 * "write:3+=full". Several are parted by blanks. Of `open` only that of PATH.new counts.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const struct {
  const char *name;
  int number;
} outcomes[] = {{"error", EIO},    {"full", ENOSPC},  {"interrupt", EINTR},
                {"denied", EPERM}, {"locks", ENOLCK}, {"unsupported", EOPNOTSUPP},
                {"kill", -1}};

/* What the wish says of this call of `name`, the one with the number `passed`: 0, an
 * errno, or -1 for the end. */
static int wished(const char *wish, const char *name, int passed) {
  size_t len = strlen(name);
  if (strncmp(wish, name, len) != 0 || (wish[len] != ':' && wish[len] != '='))
    return 0;
  char *end = (char *)wish + len;
  int number = *end == ':' ? (int)strtol(end + 1, &end, 10) : 1;
  int following = *end == '+';
  if (passed != number && !(following && passed > number))
    return 0;
  const char *what = end + following + 1;
  for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
    if (strncmp(what, outcomes[i].name, strlen(outcomes[i].name)) == 0)
      return outcomes[i].number;
  return 0;
}

/* Whether this call is to fail; kills the process where that is asked for. */
static int fails(const char *name, int *passed) {
  const char *wish = getenv("FAIL");
  ++*passed;
  while (wish && *wish) {
    int outcome = wished(wish, name, *passed);
    if (outcome < 0)
      raise(SIGKILL);
    if (outcome > 0) {
      errno = outcome;
      return 1;
    }
    wish = strchr(wish, ' ');
    wish = wish ? wish + 1 : NULL;
  }
  return 0;
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

int fsync(int fd) {
  static int passed;
  int (*next)(int);
  *(void **)&next = real("fsync");
  return fails("fsync", &passed) ? -1 : next(fd);
}

int flock(int fd, int operation) {
  static int passed;
  int (*next)(int, int);
  *(void **)&next = real("flock");
  return fails("flock", &passed) ? -1 : next(fd, operation);
}

int rename(const char *from, const char *to) {
  static int passed;
  int (*next)(const char *, const char *);
  *(void **)&next = real("rename");
  return fails("rename", &passed) ? -1 : next(from, to);
}

int link(const char *from, const char *to) {
  static int passed;
  int (*next)(const char *, const char *);
  *(void **)&next = real("link");
  return fails("link", &passed) ? -1 : next(from, to);
}

int unlink(const char *path) {
  static int passed;
  int (*next)(const char *);
  *(void **)&next = real("unlink");
  return fails("unlink", &passed) ? -1 : next(path);
}

int open(const char *path, int flags, ...) {
  static int passed;
  int (*next)(const char *, int, ...);
  *(void **)&next = real("open");
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  size_t len = strlen(path);
  if (len > 4 && strcmp(path + len - 4, ".new") == 0 && fails("open", &passed))
    return -1;
  return next(path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t len) {
  static int passed;
  ssize_t (*next)(int, const void *, size_t);
  *(void **)&next = real("write");
  if (fd > 2 && fails("write", &passed))
    return -1;
  /* A disc that takes one byte at a time. */
  if (fd > 2 && getenv("TRICKLE") && len > 1)
    len = 1;
  return next(fd, data, len);
}
