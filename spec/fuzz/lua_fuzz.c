/* Throws bytes at the Lua half: FUZZ_TARGET names a function of spec/fuzz/targets.lua,
 * which raises an error where something is wrong. Lines of Lua count as edges do in C, so
 * that the fuzzer finds its way; an input that takes too many instructions fails. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int luaopen_aom_core(lua_State *L);

enum { COUNTERS = 1 << 16, STEP = 10000, MOST_STEPS = 2000 };

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t lines[COUNTERS];

static lua_State *state;
static int steps;

static void hook(lua_State *L, lua_Debug *where) {
  if (where->event == LUA_HOOKCOUNT) {
    if (++steps > MOST_STEPS)
      luaL_error(L, "it takes too long");
    return;
  }
  lua_getinfo(L, "S", where);
  uintptr_t place =
      (uintptr_t)where->source / 16 * 31 + (uintptr_t)where->currentline * 2654435761u;
  lines[place % COUNTERS]++;
}

static void complain(const char *text) {
  fprintf(stderr, "fuzz: %s\n", text);
  abort();
}

static void start(void) {
  const char *target = getenv("FUZZ_TARGET");
  state = luaL_newstate();
  luaL_openlibs(state);
  luaL_getsubtable(state, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(state, luaopen_aom_core);
  lua_setfield(state, -2, "aom.core");
  if (luaL_dofile(state, "spec/fuzz/targets.lua"))
    complain(luaL_tolstring(state, -1, NULL));
  if (lua_getfield(state, -1, target ? target : "") != LUA_TFUNCTION)
    complain("FUZZ_TARGET names no target");
  lua_sethook(state, hook, LUA_MASKLINE | LUA_MASKCOUNT, STEP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!state)
    start();
  steps = 0;
  lua_pushvalue(state, -1);
  lua_pushlstring(state, (const char *)data, size);
  if (lua_pcall(state, 1, 0, 0))
    complain(luaL_tolstring(state, -1, NULL));
  return 0;
}
