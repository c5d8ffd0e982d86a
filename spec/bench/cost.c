/* What whole processes cost.
 *
 *     cost RUNS COMMAND…
 *
 * Prints the milliseconds of processor time and of wall time that one run took on
 * average. */
#include "clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(char **command) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    _exit(127);
  }
  if (child > 0 && waitpid(child, &status, 0) == child && status == 0)
    return;
  fprintf(stderr, "cost: %s failed\n", command[0]);
  exit(1);
}

static double milliseconds(struct timeval t) {
  return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int main(int argc, char **argv) {
  int runs = argc > 2 ? atoi(argv[1]) : 0;
  if (runs < 1)
    return 2;
  struct rusage used;
  double start = seconds_now();
  for (int i = 0; i < runs; i++)
    run(argv + 2);
  double wall = (seconds_now() - start) * 1e3;
  getrusage(RUSAGE_CHILDREN, &used);
  printf("%.4f %.4f\n",
         (milliseconds(used.ru_utime) + milliseconds(used.ru_stime)) / runs, wall / runs);
  return 0;
}
