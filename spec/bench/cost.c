/* What whole processes cost.
 *
 *     cost RUNS COMMAND…
 *
 * Prints the milliseconds of processor time and of wall time that one run took on
 * average. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
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
  struct timespec start, end;
  struct rusage used;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (int i = 0; i < runs; i++)
    run(argv + 2);
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_CHILDREN, &used);
  double wall = (double)(end.tv_sec - start.tv_sec) * 1e3 +
                (double)(end.tv_nsec - start.tv_nsec) / 1e6;
  printf("%.4f %.4f\n",
         (milliseconds(used.ru_utime) + milliseconds(used.ru_stime)) / runs, wall / runs);
  return 0;
}
