/* Signing for those who bring their own transport: one call from tables to a table. */
#ifndef AOM_LUA_SIGN_ALONE_H
#define AOM_LUA_SIGN_ALONE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds sign_alone to the table on top of the stack. */
void lua_sign_alone_open(lua_State *L);

#pragma GCC visibility pop

#endif
