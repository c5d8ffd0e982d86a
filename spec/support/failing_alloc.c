/* A module for Lua: lets Lua's own allocations fail as they do where memory is short. */
#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>

static lua_Alloc real;
static void *real_data;
static long left = -1; /* how many more succeed; -1: all */
static long failures;  /* how many fail then */

/* Before 5.2 a failure raises at once; since then Lua collects its garbage, and tries
 * again. */
static const long IN_A_ROW = LUA_VERSION_NUM < 502 ? 1 : 2;

static void *allocate(void *data, void *block, size_t old_size, size_t new_size) {
  (void)data;
  if (left >= 0 && new_size > 0 && (!block || new_size > old_size)) {
    if (left == 0) {
      if (++failures == IN_A_ROW)
        left = -1;
      return NULL;
    }
    left--;
  }
  return real(real_data, block, old_size, new_size);
}

/* fail(count): after so many allocations memory is short, once; -1: no more.
 * Returns whether it was since the last call. */
static int l_fail(lua_State *L) {
  int failed = failures > 0;
  left = (long)luaL_checknumber(L, 1);
  failures = 0;
  lua_pushboolean(L, failed);
  return 1;
}

int luaopen_failing_alloc(lua_State *L) {
  real = lua_getallocf(L, &real_data);
  lua_setallocf(L, allocate, NULL);
  lua_pushcfunction(L, l_fail);
  return 1;
}
