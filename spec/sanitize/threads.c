/* Four Lua states in four threads sign and switch at once: built with ThreadSanitizer, it
 * shows whether what the core shares between them is guarded.
 *
 *     threads URL COUNT */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

int luaopen_aom_core(lua_State *L);

enum { THREADS = 4 };

static const char script[] =
    "local url, count, me = ...\n"
    "local safe = require 'aom.safe'\n"
    "local project = ('0123456789abcdef'):rep(2)\n"
    "local function client(sk)\n"
    "  return assert(safe.client { endpoint = url, ak = 'THREADKEY', sk = sk, project_id "
    "= project, proxy = '' })\n"
    "end\n"
    "local good = client 'thread-secret'\n"
    "local request = { method = 'GET', host = 'h.example', path = '/' .. me }\n"
    "for i = 1, count do\n"
    "  assert(safe.sign(request, { ak = 'a', sk = 'b' .. i }))\n"
    "  assert(good:enable 'wf-1')\n"
    "  local bad = client('wrong ' .. i % 8)\n"
    "  local result, err = bad:enable 'wf-1'\n"
    "  assert(not result and (err.kind == 'service' or err.kind == 'credentials'), "
    "tostring(err))\n"
    "  bad:close()\n"
    "end\n"
    "good:close()\n";

typedef struct work {
  const char *url;
  int count, number, failed;
} work;

static void *run(void *given) {
  work *w = given;
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_aom_core);
  lua_setfield(L, -2, "aom.core");
  w->failed = luaL_loadstring(L, script);
  lua_pushstring(L, w->url);
  lua_pushinteger(L, w->count);
  lua_pushinteger(L, w->number);
  w->failed = w->failed || lua_pcall(L, 3, 0, 0);
  if (w->failed)
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
  lua_close(L);
  return NULL;
}

int main(int argc, char **argv) {
  pthread_t threads[THREADS];
  work works[THREADS];
  int failed = argc != 3;
  for (int i = 0; i < THREADS && !failed; i++) {
    works[i] = (work){argv[1], atoi(argv[2]), i, 0};
    failed = pthread_create(&threads[i], NULL, run, &works[i]);
  }
  for (int i = 0; i < THREADS && !failed; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS && !failed; i++)
    failed = works[i].failed;
  return failed ? 1 : 0;
}
