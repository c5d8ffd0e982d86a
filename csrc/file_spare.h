/* One file descriptor, kept back for when the process has no other: what explains a
 * failure is read from files when the first one happens. Any thread may call. */
#ifndef AOM_FILE_SPARE_H
#define AOM_FILE_SPARE_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Keeps one, unless one is kept, or none is left. */
void file_spare_keep(void);

/* Gives it up where no other is left: whether there is one now for the caller. */
bool file_spare_spend(void);

#pragma GCC visibility pop

#endif
