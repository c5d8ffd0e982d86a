/* What the attempts of an operation have in common: core.plan(fields) reads it once. An
 * attempt names its plan in its field "plan", and then has of its own what the plan
 * lacks.
 *
 * The plan is a userdata with copies of all texts, which hang on the attempt's table. A
 * header may be a token, so they are wiped at the end. */
#ifndef AOM_LUA_PLAN_H
#define AOM_LUA_PLAN_H

#include "compat.h"
#include "engine.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

typedef struct lua_plan {
  sign_request request;    /* method, host and headers */
  engine_request transfer; /* base, time to connect, and the flags */
  buffer block;            /* what both point into */
} lua_plan;

void lua_plan_open(lua_State *L);

/* The plan of the attempt at `index`; NULL: it has none. */
const lua_plan *lua_plan_field(lua_State *L, int index);

/* Reads base, time to connect and flags from the table at `index`, whose metamethods may
 * run. */
engine_request lua_plan_read_transfer(lua_State *L, int index);

#pragma GCC visibility pop

#endif
