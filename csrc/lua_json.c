#include "lua_json.h"

enum { VALUE = 1, NOTHING = 2 };

/* A member of the table may be set to another value, or to nil, while it is walked. */
static void set_member(lua_State *L, int table) {
  lua_pushvalue(L, table + 1);
  lua_insert(L, -2);
  lua_rawset(L, table);
}

/* The table on top. As deep as the decoder goes, which is a thousand tables by default.
 * Most members are strings, which are looked at no further. */
static void tidy_table(lua_State *L, int null_type) {
  int table = lua_gettop(L);
  luaL_checkstack(L, 6, "the document is nested too deep");
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_settop(L, table + 1)) {
    int type = lua_type(L, -1);
    if (type == LUA_TNUMBER) {
      if (compat_make_integer(L))
        set_member(L, table);
    } else if (type == null_type && lua_rawequal(L, -1, NOTHING)) {
      if (lua_type(L, -2) == LUA_TSTRING) {
        lua_pushnil(L);
        set_member(L, table);
      }
    } else if (type == LUA_TTABLE) {
      tidy_table(L, null_type);
    }
  }
}

/* core.tidy(value, null) -> value
 *
 * Integral numbers become integers, where Lua has such, and members of an object that are
 * `null` go. In Lua it takes as long again as decoding. */
static int core_tidy(lua_State *L) {
  lua_settop(L, NOTHING);
  lua_pushvalue(L, VALUE);
  if (lua_istable(L, -1))
    tidy_table(L, lua_type(L, NOTHING));
  else if (lua_type(L, -1) == LUA_TNUMBER)
    (void)compat_make_integer(L);
  return 1;
}

void lua_json_open(lua_State *L) {
  lua_pushcfunction(L, core_tidy);
  lua_setfield(L, -2, "tidy");
}
