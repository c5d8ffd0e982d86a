/* The methods of an engine in Lua that are about its transfers: starting, driving,
 * collecting, cancelling. */
#ifndef AOM_LUA_TRANSFER_H
#define AOM_LUA_TRANSFER_H

#include "compat.h"
#include "engine.h"
#include "lua_engine.h"
#include "sign.h"

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

/* Reads the transport at `index`, a table that keeps the texts alive. Raises. */
void lua_transfer_read_transport(lua_State *L, int index, engine_request *request);

/* Signs, unless `s` is NULL, and starts the transfer; `transfer` gets what comes from the
 * request. Where that fails, *id is 0, and why is pushed; returns how many values. */
int lua_transfer_launch(lua_State *L, lua_engine *self, signer *s, sign_request *request,
                        engine_request *transfer, engine_id *id);

/* An id as Lua has it, and argument 2 as an id, which raises. */
void lua_transfer_push_id(lua_State *L, engine_id id);
engine_id lua_transfer_check_id(lua_State *L);

#pragma GCC visibility pop

#endif
