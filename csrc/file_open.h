/* How the files that belong to a saved text are opened and locked. For file*.c alone. */
#ifndef AOM_FILE_OPEN_H
#define AOM_FILE_OPEN_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Open for reading and writing, made for its owner alone where it does not exist. A link
 * is not followed, and a pipe is not waited for. -1: failed, with errno. */
static inline int file_open_own(const char *path) {
  return open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
              S_IRUSR | S_IWUSR);
}

/* Does not wait. errno is EWOULDBLOCK where another open file has the lock, and anything
 * else where the file system has no locks. */
static inline bool file_try_lock(int fd) {
  int result;
  do
    result = flock(fd, LOCK_EX | LOCK_NB);
  while (result != 0 && errno == EINTR);
  return result == 0;
}

/* Leaves errno as it was. */
static inline void file_close(int fd) {
  int why = errno;
  close(fd);
  errno = why;
}

#endif
