/* Preloaded: the command "fork" forks the process, so that every host can do it by
 * `os.execute`. There the parent gets 0, when the child has ended, and the child 7. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int system(const char *command) {
  int (*next)(const char *);
  *(void **)&next = dlsym(RTLD_NEXT, "system");
  if (!command || strcmp(command, "fork") != 0)
    return next(command);
  pid_t child = fork();
  if (child == 0)
    return 7 << 8;
  waitpid(child, NULL, 0);
  return 0;
}
