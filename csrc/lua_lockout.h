/* The Lua side of the memory of refused keys. */
#ifndef AOM_LUA_LOCKOUT_H
#define AOM_LUA_LOCKOUT_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds the table `lockout` to the table on top of the stack, and makes the memory when
 * it is the first to do so in this process. */
void lua_lockout_open(lua_State *L);

#pragma GCC visibility pop

#endif
