/* Lua's view of files: reading and saving one, and locks, which are userdata that end a
 * claim when they are collected. */
#include "lua_file.h"
#include "file.h"
#include "file_lock.h"
#include "file_spare.h"
#include "lua_values.h"
#include <errno.h>
#include <string.h>

static const char lock_class[] = "aom.lock";
static const char text_class[] = "aom.text"; /* a buffer that a file is read into */

enum { MAX_TEXT = 64 * 1024 * 1024 };

typedef struct lua_lock {
  file_lock *claim; /* NULL before it is taken and after its end */
} lua_lock;

static int push_file_error(lua_State *L, const char *path, const char *failed, int why) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s cannot be %s: %s", path, failed, strerror(why));
  return 2;
}

/* NULL, when a path holds a zero byte; no file has such a name. */
static const char *check_path(lua_State *L, int index) {
  size_t len;
  const char *path = luaL_checklstring(L, index, &len);
  return strlen(path) == len ? path : NULL;
}

static int text_gc(lua_State *L) {
  buffer_free(luaL_checkudata(L, 1, text_class));
  return 0;
}

static int push_reading_error(lua_State *L, const char *path, const char *why) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", path, why);
  return 2;
}

/* core.read_file(path[, lasting]) -> contents | nil, message, whether there is none
 *
 * `lasting`: only a file that can be read again. */
static int l_read_file(lua_State *L) {
  const char *path = check_path(L, 1);
  file_kind kind = lua_toboolean(L, 2) ? FILE_LASTING : FILE_ANY;
  if (!path)
    return push_reading_error(L, lua_tostring(L, 1), strerror(EINVAL));
  buffer *text = compat_new_object(L, text_class, sizeof *text);
  buffer_init(text, MAX_TEXT);
  text->secret = true;
  bool absent;
  const char *why = file_read(path, kind, text, &absent);
  if (why == file_no_memory)
    return luaL_error(L, "%s", why);
  if (why) {
    push_reading_error(L, path, why);
    lua_pushboolean(L, absent);
    return 3;
  }
  push_slice(L, buffer_slice(text));
  buffer_free(text);
  return 1;
}

/* core.write_file(path, text[, create]) -> true | nil, message, whether there is one */
static int l_write_file(lua_State *L) {
  size_t len;
  const char *path = check_path(L, 1);
  const char *text = luaL_checklstring(L, 2, &len);
  file_mode mode = lua_toboolean(L, 3) ? FILE_CREATE : FILE_REPLACE;
  if (!path)
    return push_file_error(L, lua_tostring(L, 1), "created", EINVAL);
  const char *failed = file_save(path, text, len, mode);
  int why = errno;
  if (failed) {
    push_file_error(L, path, failed, why);
    lua_pushboolean(L, mode == FILE_CREATE && why == EEXIST);
    return 3;
  }
  lua_pushboolean(L, 1);
  return 1;
}

/* --- locks ------------------------------------------------------------------------- */

static void push_owner(lua_State *L, const file_lock_owner *owner) {
  lua_createtable(L, 0, 2);
  if (owner->pid == 0)
    return;
  lua_pushinteger(L, (lua_Integer)owner->pid);
  lua_setfield(L, -2, "pid");
  set_string_field(L, "host", owner->host);
}

static int push_refusal(lua_State *L, const char *why, const file_lock_owner *owner) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  if (owner)
    push_owner(L, owner);
  else
    lua_pushliteral(L, "self");
  return 3;
}

/* core.lock_file(path) -> lock[, why it keeps no other process away]
 *   | nil, message                 it cannot be had
 *   | nil, message, { pid, host }  another process has it; an empty table: unknown
 *   | nil, message, "self"         something else of this process is at work */
static int l_lock_file(lua_State *L) {
  const char *path = check_path(L, 1);
  if (!path)
    return push_file_error(L, lua_tostring(L, 1), "created", EINVAL);
  lua_lock *self = compat_new_object(L, lock_class, sizeof *self);
  file_lock_owner owner = {0, ""};
  file_lock_outcome outcome = file_lock_take(path, &self->claim, &owner);
  int why = errno;
  switch (outcome) {
  case FILE_LOCK_TAKEN:
    return 1;
  case FILE_LOCK_UNSUPPORTED:
    lua_pushfstring(L, "%s.lock cannot be locked: %s", path, strerror(why));
    return 2;
  case FILE_LOCK_BUSY:
    return push_refusal(L, "this process is at work on it", NULL);
  case FILE_LOCK_FOREIGN:
    return push_refusal(L, "another process has it", &owner);
  case FILE_LOCK_FAILED:
    if (why == ENOMEM)
      return luaL_error(L, "%s", file_no_memory);
    break;
  }
  lua_pushfstring(L, "%s.lock", path);
  return push_file_error(L, lua_tostring(L, -1), "created", why);
}

static lua_lock *check_lock(lua_State *L) { return luaL_checkudata(L, 1, lock_class); }

static int lock_rest(lua_State *L) {
  lua_lock *self = check_lock(L);
  if (self->claim)
    file_lock_rest(self->claim);
  return 0;
}

static int lock_finish(lua_State *L) {
  lua_lock *self = check_lock(L);
  if (self->claim)
    file_lock_finish(self->claim);
  return 0;
}

static int lock_is_held(lua_State *L) {
  lua_lock *self = check_lock(L);
  lua_pushboolean(L, self->claim && file_lock_is_held(self->claim));
  return 1;
}

static int lock_release(lua_State *L) {
  lua_lock *self = check_lock(L);
  file_lock_free(self->claim);
  self->claim = NULL;
  return 0;
}

/* core.keep_descriptor(): keeps one back, unless one is kept */
static int l_keep_descriptor(lua_State *L) {
  (void)L;
  file_spare_keep();
  return 0;
}

/* core.spend_descriptor() -> whether the last one that was left is the caller's now */
static int l_spend_descriptor(lua_State *L) {
  lua_pushboolean(L, file_spare_spend());
  return 1;
}

static const luaL_Reg functions[] = {{"read_file", l_read_file},
                                     {"write_file", l_write_file},
                                     {"lock_file", l_lock_file},
                                     {"keep_descriptor", l_keep_descriptor},
                                     {"spend_descriptor", l_spend_descriptor},
                                     {NULL, NULL}};

static const luaL_Reg lock_methods[] = {{"rest", lock_rest},
                                        {"finish", lock_finish},
                                        {"is_held", lock_is_held},
                                        {"release", lock_release},
                                        {NULL, NULL}};

static const luaL_Reg lock_meta[] = {{"__gc", lock_release}, {NULL, NULL}};
static const luaL_Reg none[] = {{NULL, NULL}};

static const luaL_Reg text_meta[] = {{"__gc", text_gc}, {NULL, NULL}};

void lua_file_open(lua_State *L) {
  compat_new_class(L, lock_class, lock_methods, lock_meta);
  compat_new_class(L, text_class, none, text_meta);
  luaL_setfuncs(L, functions, 0);
}
