/* Small files, such as profiles. One that is no file of a disk may have no end, and may
 * never have a beginning: a pipe that nobody opens for writing. */
#include "file.h"
#include "file_open.h"
#include <poll.h>
#include <string.h>

enum { STEP = 16 * 1024, SILENCE_MS = 5000 };

const char file_no_memory[] = "not enough memory";

static const char silence[] = "nothing was written into this pipe for 5 seconds";
static const char too_large[] = "the file is too large";

/* Opening a pipe to wait for its writer would stop the whole process. */
static const char *await_bytes(int fd) {
  struct pollfd wanted = {.fd = fd, .events = POLLIN};
  int ready;
  do
    ready = poll(&wanted, 1, SILENCE_MS);
  while (ready < 0 && errno == EINTR);
  return ready == 0 ? silence : NULL;
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
