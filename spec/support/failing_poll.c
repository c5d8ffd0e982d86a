/* Preloaded: poll refuses to watch more than two descriptors, as it does where a process
 * has more open than its limit allows by now. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>

int poll(struct pollfd *fds, nfds_t count, int timeout) {
  static int (*real)(struct pollfd *, nfds_t, int);
  if (!real)
    *(void **)&real = dlsym(RTLD_NEXT, "poll");
  if (count > 2) {
    errno = EINVAL;
    return -1;
  }
  return real(fds, count, timeout);
}
