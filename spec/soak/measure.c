/* What a process holds, for the soak. `measure` is called through package.loadlib, and
 * uses nothing of Lua, so that one build fits every Lua. It gives free memory back to the
 * system first, and writes a line to the file that AOM_SOAK_MEASURE names: resident
 * memory and the heap in use, in KB, and how many descriptors are open. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long resident_kb(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file != NULL) {
    if (fscanf(file, "%*s %ld", &pages) != 1)
      pages = 0;
    fclose(file);
  }
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Without that of the folder itself. */
static int descriptors(void) {
  int count = -3;
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL)
    return 0;
  while (readdir(folder) != NULL)
    count++;
  closedir(folder);
  return count;
}

int measure(void *state) {
  (void)state;
  malloc_trim(0);
  int open = descriptors();
  struct mallinfo2 heap = mallinfo2();
  long resident = resident_kb();
  const char *path = getenv("AOM_SOAK_MEASURE");
  FILE *file = path != NULL ? fopen(path, "w") : NULL;
  if (file == NULL)
    return 0;
  fprintf(file, "%ld %zu %d\n", resident, (heap.uordblks + heap.hblkhd) / 1024, open);
  fclose(file);
  return 0;
}
