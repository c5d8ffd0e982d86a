/* What lua-cjson leaves to be done to a document that it has decoded. */
#ifndef AOM_LUA_JSON_H
#define AOM_LUA_JSON_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds tidy to the table on top of the stack. */
void lua_json_open(lua_State *L);

#pragma GCC visibility pop

#endif
