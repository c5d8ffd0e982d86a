/* Values on their way between Lua and the core. Everything here may raise: reading, for a
 * value of the wrong type, and pushing, when memory is short. */
#ifndef AOM_LUA_VALUES_H
#define AOM_LUA_VALUES_H

#include "buffer.h"
#include "compat.h"
#include <limits.h>
#include <math.h>

/* The string at `index`, which lives as long as it stays on the stack. No number passes:
 * Lua would turn the value on the stack into a string. */
static inline slice check_slice(lua_State *L, int index) {
  slice text;
  luaL_checktype(L, index, LUA_TSTRING);
  text.data = lua_tolstring(L, index, &text.len);
  return text;
}

/* Whether a field is set to something true. Runs metamethods. */
static inline bool flag_field(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

/* libcurl reads 0 as "no limit". */
static inline long to_milliseconds(lua_Number seconds) {
  lua_Number ms = seconds > 0 ? ceil(seconds * 1000) : 1;
  return ms < (lua_Number)INT_MAX ? (long)ms : INT_MAX;
}

static inline void push_slice(lua_State *L, slice text) {
  lua_pushlstring(L, text.data, text.len);
}

/* Pushes a table from names to values. */
static inline void push_pairs(lua_State *L, const pair *pairs, size_t count) {
  lua_createtable(L, 0, (int)count);
  for (size_t i = 0; i < count; i++) {
    push_slice(L, pairs[i].name);
    push_slice(L, pairs[i].value);
    lua_rawset(L, -3);
  }
}

/* These set a field of the table on top of the stack. */
static inline void set_slice_field(lua_State *L, const char *name, slice value) {
  push_slice(L, value);
  lua_setfield(L, -2, name);
}

static inline void set_string_field(lua_State *L, const char *name, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

#endif
