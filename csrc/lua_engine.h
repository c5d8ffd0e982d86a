/* The binding of the transfer engine: core.engine{…} and its methods. */
#ifndef AOM_LUA_ENGINE_H
#define AOM_LUA_ENGINE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds its functions to the module table on top of the stack. */
void lua_engine_open(lua_State *L);

/* The engine at index 1; NULL once it was closed, which a finaliser may do whenever Lua
 * allocates: then there is nothing to drive any more, and nothing to tell. */
struct engine *lua_engine_check(lua_State *L);

#pragma GCC visibility pop

#endif
