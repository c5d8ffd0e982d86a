/* What the attempts of an operation have in common: core.plan(fields) reads it once. An
 * attempt names its plan in its field "plan", and then has of its own what the plan
 * lacks.
 *
 * The plan is a userdata that keeps alive Lua's own strings, which its slices point into:
 * it has nothing to free, so a finaliser may still use it when the collector has found it
 * unused, or the state closes. */
#ifndef AOM_LUA_PLAN_H
#define AOM_LUA_PLAN_H

#include "compat.h"
#include "engine.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

typedef struct lua_plan {
  sign_request request;    /* method, host and headers */
  engine_request transfer; /* base, time to connect, and the flags */
} lua_plan;

void lua_plan_open(lua_State *L);

/* The plan of the attempt at `index`; NULL: it has none. */
const lua_plan *lua_plan_field(lua_State *L, int index);

/* Reads base, time to connect and flags from the table at `index`, whose metamethods may
 * run. */
engine_request lua_plan_read_transfer(lua_State *L, int index);

#pragma GCC visibility pop

#endif
