/* Reading a file, and saving a text so that the file is whole at every moment, also after
 * a power failure. Nothing is kept between calls; any thread may call. */
#ifndef AOM_FILE_H
#define AOM_FILE_H

#include "buffer.h"
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef enum file_mode {
  FILE_REPLACE, /* what has the name is replaced, a symbolic link too */
  FILE_CREATE,  /* fails with EEXIST when there is such a file */
} file_mode;

/* Whoever reads `path` finds the old text or the new one. The text goes to PATH.new,
 * for its owner alone, which takes the name over. Processes that save the same file at
 * the same time wait for each other, for a second at most.
 * NULL: it was saved. Otherwise what could not be done with the file, and errno says
 * why; the old text is still there, unless the directory alone could not be synced. */
const char *file_save(const char *path, const char *text, size_t len, file_mode mode);

typedef enum file_kind {
  FILE_ANY,     /* a pipe, too, as shells make them of a command's output */
  FILE_LASTING, /* a regular one: it can be read again */
} file_kind;

/* Lua's own words, with which it may be raised. */
extern const char file_no_memory[];

/* Appends what the file holds. A pipe is given up after five seconds without a byte.
 * NULL: it was read. Otherwise why not, and whether there is no such file. */
const char *file_read(const char *path, file_kind kind, buffer *text, bool *absent);

#pragma GCC visibility pop

#endif
