/* Small files, such as profiles. One that is no file of a disk may have no end, and may
 * never have a beginning: a pipe that nobody opens for writing. */
#include "file.h"
#include "file_open.h"
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { STEP = 16 * 1024, SILENCE_MS = 5000 };

const char file_no_memory[] = "not enough memory";

static const char silence[] = "nothing was written into this pipe for 5 seconds";
static const char too_large[] = "the file is too large";

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Opening a pipe to wait for its writer would stop the whole process. Signals that come
 * again and again make the wait no longer. */
static const char *await_bytes(int fd) {
  struct pollfd wanted = {.fd = fd, .events = POLLIN};
  int64_t end = now_ms() + SILENCE_MS, left = SILENCE_MS;
  int ready;
  do {
    ready = poll(&wanted, 1, (int)left);
    left = end - now_ms();
  } while (ready < 0 && errno == EINTR && left > 0);
  if (ready < 0 && errno != EINTR)
    return NULL; /* reading says why */
  return ready > 0 ? NULL : silence;
}

static const char *read_all(int fd, buffer *text) {
  for (;;) {
    const char *late = await_bytes(fd);
    if (late)
      return late;
    char *room = buffer_reserve(text, STEP);
    if (!room)
      return text->full ? too_large : file_no_memory;
    ssize_t len = read(fd, room, STEP);
    if (len == 0)
      return NULL;
    if (len > 0)
      text->len += (size_t)len;
    else if (errno != EINTR && errno != EAGAIN)
      return strerror(errno);
  }
}

static const char *read_open(int fd, file_kind kind, buffer *text) {
  struct stat info;
  if (fstat(fd, &info) != 0)
    return strerror(errno);
  if (kind == FILE_LASTING && !S_ISREG(info.st_mode))
    return S_ISDIR(info.st_mode) ? strerror(EISDIR) : "it is not a regular file";
  return read_all(fd, text);
}

const char *file_read(const char *path, file_kind kind, buffer *text, bool *absent) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  *absent = fd < 0 && errno == ENOENT;
  if (fd < 0)
    return strerror(errno);
  const char *why = read_open(fd, kind, text);
  close(fd);
  return why;
}
