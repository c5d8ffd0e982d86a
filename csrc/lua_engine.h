/* The class aom.engine: core.engine{…} makes one. Its other methods are those of
 * lua_transfer.h and lua_events.h.
 *
 * The engine, and what is signed on the way to it, hang on a userdata that the collector
 * ends. Whenever Lua allocates, a finaliser may run and close this very engine; so
 * methods ask for it after everything that allocates. */
#ifndef AOM_LUA_ENGINE_H
#define AOM_LUA_ENGINE_H

#include "compat.h"
#include "engine.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

typedef struct lua_engine {
  engine *engine; /* owned; NULL before it is made and after its end */
  sign_output signed_request;
  bool closed;
  unsigned holders; /* calls that read the engine's memory while Lua allocates */
} lua_engine;

/* Adds its functions to the module table on top of the stack. Raises. */
void lua_engine_open(lua_State *L);

/* The object at index 1, closed or not. Raises for anything else. */
lua_engine *lua_engine_object(lua_State *L);

/* The engine of the object at index 1; NULL once that was closed: then there is nothing
 * to drive and nothing to report. Raises for anything else. */
engine *lua_engine_check(lua_State *L);

/* While an object is held, closing it only marks it; the last one to let go ends it. If
 * an error cuts a call short, the collector ends it later. */
void lua_engine_hold(lua_engine *self);
void lua_engine_let_go(lua_engine *self);

#pragma GCC visibility pop

#endif
