/* Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT under one set of names, those of the newer
 * versions where there are any. No other file asks which Lua it is built for. */
#ifndef AOM_COMPAT_H
#define AOM_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <string.h>

#if LUA_VERSION_NUM < 502

/* LuaJIT has some of these itself, other 5.1s have none: ours hide them. */
#define luaL_setfuncs compat_setfuncs
#define luaL_setmetatable compat_setmetatable
#define lua_absindex compat_absindex
#define lua_rawlen lua_objlen

static inline int compat_absindex(lua_State *L, int index) {
  return index > 0 || index <= LUA_REGISTRYINDEX ? index : lua_gettop(L) + index + 1;
}

/* Without upvalues: nothing here needs them. */
static inline void compat_setfuncs(lua_State *L, const luaL_Reg *list, int upvalues) {
  (void)upvalues;
  for (; list->name != NULL; list++) {
    lua_pushcfunction(L, list->func);
    lua_setfield(L, -2, list->name);
  }
}

static inline void compat_setmetatable(lua_State *L, const char *name) {
  luaL_getmetatable(L, name);
  lua_setmetatable(L, -2);
}

#endif

/* Raises an error in a Lua of another version than this was built for, as far as its
 * loader has not refused the module already. */
static inline void compat_check_version(lua_State *L) {
#if LUA_VERSION_NUM >= 502
  luaL_checkversion(L);
#else
  (void)L;
#endif
}

/* The index is an int before 5.3. Callers have checked it against lua_rawlen,
 * and no list of theirs is longer than an int counts. Returns the type. */
static inline int compat_rawgeti(lua_State *L, int index, size_t n) {
  lua_rawgeti(L, index, (int)n);
  return lua_type(L, -1);
}

/* Reads a field without running a metamethod. Making the name may run a finaliser. */
static inline int compat_rawfield(lua_State *L, int index, const char *name) {
  index = lua_absindex(L, index);
  lua_pushstring(L, name);
  lua_rawget(L, index);
  return lua_type(L, -1);
}

/* Makes an integer of the number on top, a float that is integral, where this Lua tells
 * them apart. False: nothing to do. */
static inline int compat_make_integer(lua_State *L) {
#if LUA_VERSION_NUM >= 503
  int exact = 0;
  lua_Integer integer = lua_isinteger(L, -1) ? 0 : lua_tointegerx(L, -1, &exact);
  if (exact) {
    lua_pop(L, 1);
    lua_pushinteger(L, integer);
  }
  return exact;
#else
  (void)L;
  return 0;
#endif
}

/* Registers the class `name` (as "aom.signer"). `meta` holds the metamethods,
 * __gc and __tostring among them; `methods` become __index. The metatable is
 * hidden from getmetatable, so Lua code cannot call __gc by hand or put another
 * in its place. */
static inline void compat_new_class(lua_State *L, const char *name,
                                    const luaL_Reg *methods, const luaL_Reg *meta) {
  if (luaL_newmetatable(L, name)) {
    luaL_setfuncs(L, meta, 0);
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
  }
  lua_pop(L, 1);
}

/* A zeroed userdata of a class, before anything is acquired that its __gc would
 * have to release. */
static inline void *compat_new_object(lua_State *L, const char *name, size_t size) {
  void *object = lua_newuserdata(L, size);
  memset(object, 0, size);
  luaL_setmetatable(L, name);
  return object;
}

/* Takes the table on top of the stack off it; the userdata at `index` keeps it alive. */
static inline void compat_keep_alive(lua_State *L, int index) {
#if LUA_VERSION_NUM < 502
  lua_setfenv(L, index);
#else
  lua_setuservalue(L, index);
#endif
}

/* Pushes that table. */
static inline void compat_push_kept(lua_State *L, int index) {
#if LUA_VERSION_NUM < 502
  lua_getfenv(L, index);
#else
  lua_getuservalue(L, index);
#endif
}

#endif
