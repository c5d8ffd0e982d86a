/* A call that is made again as long as all goes as it went before: engine:prepare makes
 * one of an attempt that went well, and its `send` signs, sends, waits and compares in
 * one crossing. Where others run meanwhile `begin` and `take` do that in two, and for a
 * transport other than libcurl `head` and `is_good`, between which Lua sends. It judges
 * nothing: an answer is good if it is the good one of before.
 *
 * It owns no memory: it keeps the Lua values alive that it points into, and these are
 * strings, or objects that say when they have ended. */
#ifndef AOM_LUA_PREPARED_H
#define AOM_LUA_PREPARED_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Makes the class aom.prepared. Raises. */
void lua_prepared_open(lua_State *L);

/* engine:prepare(attempt, transport, fields) -> prepared. Raises. */
int lua_prepared_new(lua_State *L);

#pragma GCC visibility pop

#endif
