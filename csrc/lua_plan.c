#include "lua_plan.h"
#include "lua_request.h"
#include "lua_values.h"
#include "text.h"

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

static slice keep_text(char **at, slice text) {
  slice kept = {*at, text.len};
  *at = text_put(*at, text);
  return kept;
}

/* False: memory is short. */
static bool copy_texts(lua_plan *plan, const sign_request *request, slice base) {
  size_t count = request->header_count, headers = count * sizeof(pair);
  size_t size = headers + request->method.len + request->host.len + base.len;
  for (size_t i = 0; i < count; i++)
    size += request->headers[i].name.len + request->headers[i].value.len;
  buffer_init(&plan->block, SIGN_TEXT_MAX);
  plan->block.secret = true;
  char *block = buffer_reserve(&plan->block, size);
  if (!block)
    return false;
  pair *kept = (pair *)(void *)block;
  char *at = block + headers;
  for (size_t i = 0; i < count; i++) {
    kept[i].name = keep_text(&at, request->headers[i].name);
    kept[i].value = keep_text(&at, request->headers[i].value);
  }
  plan->request = (sign_request){.method = keep_text(&at, request->method),
                                 .host = keep_text(&at, request->host),
                                 .headers = kept,
                                 .header_count = count};
  plan->transfer.base = keep_text(&at, base);
  return true;
}

/* core.plan(fields) -> plan
 *
 * Making the userdata may run a finaliser: what the slices point into is read after. */
static int core_plan(lua_State *L) {
  sign_request request;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_plan *plan = compat_new_object(L, plan_class, sizeof *plan);
  engine_request transfer = lua_plan_read_transfer(L, 1);
  request_check_head(L, 1, &request);
  plan->transfer = transfer;
  if (!copy_texts(plan, &request, transfer.base))
    return luaL_error(L, "not enough memory");
  lua_settop(L, 2);
  return 1;
}

static int plan_gc(lua_State *L) {
  lua_plan *plan = luaL_checkudata(L, 1, plan_class);
  buffer_free(&plan->block);
  plan->request = (sign_request){0};
  plan->transfer = (engine_request){0};
  return 0;
}

const lua_plan *lua_plan_field(lua_State *L, int index) {
  bool given = compat_rawfield(L, index, "plan") != LUA_TNIL;
  const lua_plan *plan = given ? luaL_checkudata(L, -1, plan_class) : NULL;
  lua_pop(L, 1);
  return plan;
}

void lua_plan_open(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg meta[] = {{"__gc", plan_gc}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"plan", core_plan}, {NULL, NULL}};
  compat_new_class(L, plan_class, none, meta);
  luaL_setfuncs(L, functions, 0);
}
