/* The core's text as Lua strings. */
#ifndef AOM_LUA_PUSH_H
#define AOM_LUA_PUSH_H

#include "buffer.h"
#include "compat.h"

/* Both raise when memory is short. */
static inline void push_slice(lua_State *L, slice text) {
  lua_pushlstring(L, text.data, text.len);
}

/* Sets a field of the table on top of the stack. */
static inline void set_slice_field(lua_State *L, const char *name, slice value) {
  push_slice(L, value);
  lua_setfield(L, -2, name);
}

#endif
