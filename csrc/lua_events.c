#include "lua_events.h"
#include "lua_engine.h"

/* engine:watch() */
int lua_events_watch(lua_State *L) {
  engine *e = lua_engine_check(L);
  if (e)
    engine_watch(e);
  return 0;
}

/* engine:wish() -> fd, read, write, fresh | nil */
int lua_events_wish(lua_State *L) {
  engine_wish wish;
  engine *e = lua_engine_check(L);
  if (!e || !engine_next_wish(e, &wish))
    return 0;
  lua_pushinteger(L, wish.fd);
  lua_pushboolean(L, wish.read);
  lua_pushboolean(L, wish.write);
  lua_pushboolean(L, wish.fresh);
  return 4;
}

/* engine:timer() -> milliseconds | nil */
int lua_events_timer(lua_State *L) {
  engine *e = lua_engine_check(L);
  long ms = e ? engine_timer(e) : -1;
  if (ms < 0)
    return 0;
  lua_pushinteger(L, (lua_Integer)ms);
  return 1;
}

/* engine:on_timeout() */
int lua_events_on_timeout(lua_State *L) {
  engine *e = lua_engine_check(L);
  if (e)
    engine_on_timeout(e);
  sign_clear_errors();
  return 0;
}

/* engine:on_socket(fd, readable, writable) */
int lua_events_on_socket(lua_State *L) {
  int fd = (int)luaL_checkinteger(L, 2);
  engine *e = lua_engine_check(L);
  if (e)
    engine_on_socket(e, fd, lua_toboolean(L, 3), lua_toboolean(L, 4));
  sign_clear_errors();
  return 0;
}
