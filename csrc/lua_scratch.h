/* Memory for a text on its way to Lua. It hangs on a userdata, so that it is neither lost
 * nor left unwiped where pushing the text raises. */
#ifndef AOM_LUA_SCRATCH_H
#define AOM_LUA_SCRATCH_H

#include "buffer.h"
#include "compat.h"

#pragma GCC visibility push(hidden)

/* Makes the class aom.scratch. Raises. */
void lua_scratch_open(lua_State *L);

/* Pushes a scratch, and returns its buffer, which is empty and secret. May raise, and run
 * a finaliser. */
buffer *lua_scratch_push(lua_State *L);

/* Pushes what the buffer holds, and gives its memory back. Returns how many values that
 * are. May raise. */
int lua_scratch_finish(lua_State *L, buffer *b);

#pragma GCC visibility pop

#endif
