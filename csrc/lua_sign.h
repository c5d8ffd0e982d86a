/* The Lua side of signing: the class aom.signer, and functions that need no
 * network. */
#ifndef AOM_LUA_SIGN_H
#define AOM_LUA_SIGN_H

#include "compat.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

/* Adds signer, sign, target, is_unreserved and random to the table on top of the stack.
 */
void lua_sign_open(lua_State *L);

/* The signer at `index`; NULL for one that was closed; raises for anything else. It
 * lives until its userdata is collected or closed: to use it in a later call, keep the
 * userdata and ask again. */
signer *lua_sign_check(lua_State *L, int index);

#pragma GCC visibility pop

#endif
