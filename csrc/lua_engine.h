/* The class aom.engine: core.engine() makes one. Its methods are those of lua_transfer.h
 * and lua_events.h.
 *
 * The engine, and what is signed on the way to it, hang on a userdata that the collector
 * ends. When a Lua state closes, finalisers of others may still use it afterwards. */
#ifndef AOM_LUA_ENGINE_H
#define AOM_LUA_ENGINE_H

#include "compat.h"
#include "engine.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

typedef struct lua_engine {
  engine *engine; /* owned; NULL before it is made and after its end */
  sign_output signed_request;
  const engine_result *taken; /* the one that is pushed now; NULL: none */
  buffer target;              /* of a prepared call */
} lua_engine;

/* Adds its functions to the module table on top of the stack. Raises. */
void lua_engine_open(lua_State *L);

/* The object at index 1. Raises for anything else. */
lua_engine *lua_engine_object(lua_State *L);

/* The engine of the object at index 1; NULL after its end: then there is nothing to drive
 * and nothing to report. Raises for anything else. */
engine *lua_engine_check(lua_State *L);

#pragma GCC visibility pop

#endif
