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

/* For a signer that is asked again in later calls: its object, as long as the userdata at
 * `index` is kept; and its signer, NULL for one that was closed meanwhile. */
typedef struct lua_signer lua_signer;
const lua_signer *lua_sign_object(lua_State *L, int index);
signer *lua_sign_of(const lua_signer *object);

/* Pushes nil, a sentence, and a short stable name ("date", "crypto", …) for what
 * went wrong; returns how many. */
int lua_sign_push_error(lua_State *L, sign_status status);

/* Pushes a table of what was signed: the headers to add, canonical_request,
 * string_to_sign and signed_headers, with room for one more. May raise. */
void lua_sign_push(lua_State *L, const signer *s, const sign_request *request,
                   const sign_output *out);

#pragma GCC visibility pop

#endif
