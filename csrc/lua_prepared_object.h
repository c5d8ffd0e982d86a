/* The object behind lua_prepared.h: what it is made of, and where the Lua values stand
 * that it points into. lua_prepared_make.c makes it, and nothing changes it afterwards.
 */
#ifndef AOM_LUA_PREPARED_OBJECT_H
#define AOM_LUA_PREPARED_OBJECT_H

#include "lua_engine.h"
#include "lua_prepared.h"
#include "lua_sign.h"

#pragma GCC visibility push(hidden)

extern const char lua_prepared_class[];

enum { LUA_PREPARED_CHOICES = 4 };

typedef struct lua_prepared {
  lua_engine *engine;
  const lua_signer *signer;
  sign_request request;    /* the plan's */
  engine_request transfer; /* the plan's, with the transport */
  int patience_ms;         /* how long to wait here */
  slice key;               /* the name of the key pair in the memory of refused ones */
  slice before, after;     /* of the encoded target, around the first value, an id */
  size_t longest;          /* that the id may be */
  /* What ends the target; no data behind the last one. */
  slice choices[LUA_PREPARED_CHOICES];
  long status;      /* of the good answer */
  slice type, body; /* its own; without a type that has no data */
  int fields;       /* that a result has */
} lua_prepared;

/* What a result is made of, by its place among the values that are kept with the object:
 * the good one, and the names of the two values of a call. */
enum { LUA_PREPARED_RESULT = 1, LUA_PREPARED_FIRST, LUA_PREPARED_SECOND };

#pragma GCC visibility pop

#endif
