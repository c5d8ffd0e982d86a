/* Writes a file durably and at once: whoever reads it finds the old text or the new
 * one, also after a power failure. For that the text goes to a file beside it, is
 * synced, takes the name over, and then the directory that holds the name is synced. */
#include "lua_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char suffix[] = ".XXXXXX";

typedef struct paths {
  char temporary[PATH_MAX];
  char directory[PATH_MAX];
} paths;

static bool derive(paths *p, const char *path, size_t len) {
  if (len == 0 || len + sizeof suffix > sizeof p->temporary)
    return false;
  memcpy(p->temporary, path, len);
  memcpy(p->temporary + len, suffix, sizeof suffix);
  const char *slash = strrchr(path, '/');
  size_t parent = slash ? (size_t)(slash - path) : 0;
  memcpy(p->directory, path, parent);
  p->directory[parent] = '\0';
  if (parent == 0)
    strcpy(p->directory, slash ? "/" : ".");
  return true;
}

static bool write_all(int fd, const char *data, size_t len) {
  while (len > 0) {
    ssize_t written = write(fd, data, len);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return false;
    data += written;
    len -= (size_t)written;
  }
  return true;
}

/* What failed, or NULL; errno says why. */
static const char *fill(int fd, const char *text, size_t len) {
  const char *failed = NULL;
  if (!write_all(fd, text, len))
    failed = "written";
  else if (fsync(fd) != 0)
    failed = "synced";
  int why = errno;
  /* After an fsync, close has nothing left to report that matters. */
  close(fd);
  errno = why;
  return failed;
}

static const char *sync_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return "synced with its directory";
  /* Some file systems have no such thing as syncing a directory. */
  bool synced = fsync(fd) == 0 || errno == EINVAL;
  int why = errno;
  close(fd);
  errno = why;
  return synced ? NULL : "synced with its directory";
}

static const char *replace(paths *p, const char *path, const char *text, size_t len) {
  int fd = mkostemp(p->temporary, O_CLOEXEC); /* for its owner alone: mode 0600 */
  if (fd < 0)
    return "created";
  const char *failed = fill(fd, text, len);
  if (!failed && rename(p->temporary, path) != 0)
    failed = "put in its place";
  if (failed) {
    int why = errno;
    unlink(p->temporary);
    errno = why;
    return failed;
  }
  return sync_directory(p->directory);
}

static int failure(lua_State *L, const char *path, const char *failed, int why) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s cannot be %s: %s", path, failed, strerror(why));
  return 2;
}

/* core.write_file(path, text) -> true | nil, message */
static int l_write_file(lua_State *L) {
  size_t path_len, len;
  const char *path = luaL_checklstring(L, 1, &path_len);
  const char *text = luaL_checklstring(L, 2, &len);
  paths p;
  if (strlen(path) != path_len)
    return failure(L, path, "created", EINVAL);
  if (!derive(&p, path, path_len))
    return failure(L, path, "created", path_len ? ENAMETOOLONG : ENOENT);
  const char *failed = replace(&p, path, text, len);
  if (failed)
    return failure(L, path, failed, errno);
  lua_pushboolean(L, 1);
  return 1;
}

static const luaL_Reg functions[] = {{"write_file", l_write_file}, {NULL, NULL}};

void lua_file_open(lua_State *L) { luaL_setfuncs(L, functions, 0); }
