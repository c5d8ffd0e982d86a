/* The methods of an engine in Lua by which an event loop drives it. */
#ifndef AOM_LUA_EVENTS_H
#define AOM_LUA_EVENTS_H

#include "compat.h"

#pragma GCC visibility push(hidden)

int lua_events_watch(lua_State *L);
int lua_events_wish(lua_State *L);
int lua_events_timer(lua_State *L);
int lua_events_on_timeout(lua_State *L);
int lua_events_on_socket(lua_State *L);

#pragma GCC visibility pop

#endif
