/* The methods of an engine in Lua that are about its transfers: starting, driving,
 * collecting, cancelling. */
#ifndef AOM_LUA_TRANSFER_H
#define AOM_LUA_TRANSFER_H

#include "compat.h"

#pragma GCC visibility push(hidden)

int lua_transfer_start(lua_State *L);
int lua_transfer_poll(lua_State *L);
int lua_transfer_wait(lua_State *L);
int lua_transfer_finished(lua_State *L);
int lua_transfer_collect(lua_State *L);
int lua_transfer_fetch(lua_State *L);
int lua_transfer_cancel(lua_State *L);
int lua_transfer_is_sent(lua_State *L);
int lua_transfer_running(lua_State *L);

#pragma GCC visibility pop

#endif
