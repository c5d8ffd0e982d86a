/* Makes one of the calls that write a file fail, or be interrupted, or kill the process:
 * preloaded by spec/unit/file_spec.lua. FAIL is the name of the call, an optional colon
 * and number (the first is 1), and what happens: "fsync:2=error", "rename=kill". */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int passed;

/* Whether it is this call's turn; kills the process where that is asked for. */
static int turn(const char *name, const char *outcome) {
  const char *wish = getenv("FAIL");
  size_t len = strlen(name);
  if (!wish || strncmp(wish, name, len) != 0 || (wish[len] != ':' && wish[len] != '='))
    return 0;
  const char *what = strchr(wish, '=');
  if (strcmp(what + 1, outcome) != 0)
    return 0;
  int number = wish[len] == ':' ? atoi(wish + len + 1) : 1;
  return ++passed == number;
}

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int fails(const char *name) {
  if (turn(name, "kill"))
    raise(SIGKILL);
  if (!turn(name, "error"))
    return 0;
  errno = EIO;
  return 1;
}

int fsync(int fd) {
  int (*next)(int);
  *(void **)&next = real("fsync");
  return fails("fsync") ? -1 : next(fd);
}

int rename(const char *from, const char *to) {
  int (*next)(const char *, const char *);
  *(void **)&next = real("rename");
  return fails("rename") ? -1 : next(from, to);
}

int mkostemp(char *path, int flags) {
  int (*next)(char *, int);
  *(void **)&next = real("mkostemp");
  return fails("mkostemp") ? -1 : next(path, flags);
}

ssize_t write(int fd, const void *data, size_t len) {
  ssize_t (*next)(int, const void *, size_t);
  *(void **)&next = real("write");
  if (fd > 2 && fails("write"))
    return -1;
  if (fd > 2 && turn("write", "interrupt")) {
    errno = EINTR;
    return -1;
  }
  /* A disc that takes one byte at a time. */
  if (fd > 2 && getenv("TRICKLE") && len > 1)
    len = 1;
  return next(fd, data, len);
}
