#include "lua_scratch.h"
#include "lua_values.h"

static const char scratch_class[] = "aom.scratch";

/* No target and no text to mask is longer. */
#define SCRATCH_MAX ((size_t)64 * 1024 * 1024)

buffer *lua_scratch_push(lua_State *L) {
  buffer *b = compat_new_object(L, scratch_class, sizeof *b);
  buffer_init(b, SCRATCH_MAX);
  b->secret = true;
  return b;
}

int lua_scratch_finish(lua_State *L, buffer *b) {
  push_slice(L, buffer_slice(b));
  buffer_free(b);
  return 1;
}

static int scratch_gc(lua_State *L) {
  buffer_free(luaL_checkudata(L, 1, scratch_class));
  return 0;
}

void lua_scratch_open(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg meta[] = {{"__gc", scratch_gc}, {NULL, NULL}};
  compat_new_class(L, scratch_class, none, meta);
}
