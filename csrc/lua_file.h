/* The Lua side of files: saving one whole, and locks. */
#ifndef AOM_LUA_FILE_H
#define AOM_LUA_FILE_H

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Adds write_file and lock_file to the table on top of the stack. */
void lua_file_open(lua_State *L);

#pragma GCC visibility pop

#endif
