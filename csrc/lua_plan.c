#include "lua_plan.h"
#include "lua_request.h"
#include "lua_values.h"

static const char plan_class[] = "aom.plan";

engine_request lua_plan_read_transfer(lua_State *L, int index) {
  engine_request read = {.fresh_connection = flag_field(L, index, "fresh"),
                         .no_proxy = flag_field(L, index, "no_proxy"),
                         .all_headers = flag_field(L, index, "all_headers")};
  lua_getfield(L, index, "connect_timeout");
  read.connect_timeout_ms = to_milliseconds(luaL_checknumber(L, -1));
  lua_getfield(L, index, "base");
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "attempt.base: expected a string");
  read.base = check_slice(L, -1);
  lua_pop(L, 2); /* the table keeps it alive */
  return read;
}

static const char *const fields[] = {
    "method", "host", "base", "connect_timeout", "fresh", "no_proxy", "all_headers", NULL,
};

/* Pushes a copy of the table on top, in its place. */
static void copy_table(lua_State *L) {
  int from = lua_gettop(L), copy = from + 1;
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, from) != 0; lua_settop(L, copy + 1)) {
    lua_pushvalue(L, copy + 1);
    lua_insert(L, -2);
    lua_rawset(L, copy);
  }
  lua_replace(L, from);
}

/* Pushes a table with what a plan is made of, which no one else can change. */
static int push_own_fields(lua_State *L) {
  lua_newtable(L);
  int own = lua_gettop(L);
  for (const char *const *name = fields; *name; name++) {
    lua_getfield(L, 1, *name);
    lua_setfield(L, own, *name);
  }
  lua_getfield(L, 1, "headers");
  if (lua_istable(L, -1))
    copy_table(L);
  lua_setfield(L, own, "headers");
  return own;
}

/* core.plan(fields) -> plan */
static int core_plan(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  int own = push_own_fields(L);
  lua_plan *plan = compat_new_object(L, plan_class, sizeof *plan);
  plan->transfer = lua_plan_read_transfer(L, own);
  request_check_head(L, own, &plan->request);
  lua_rawseti(L, own, 1); /* the arrays */
  lua_insert(L, own);
  compat_keep_alive(L, own);
  return 1;
}

const lua_plan *lua_plan_field(lua_State *L, int index) {
  bool given = compat_rawfield(L, index, "plan") != LUA_TNIL;
  const lua_plan *plan = given ? luaL_checkudata(L, -1, plan_class) : NULL;
  lua_pop(L, 1);
  return plan;
}

void lua_plan_open(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"plan", core_plan}, {NULL, NULL}};
  compat_new_class(L, plan_class, none, none);
  luaL_setfuncs(L, functions, 0);
}
