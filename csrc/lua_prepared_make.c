#include "lua_plan.h"
#include "lua_prepared_object.h"
#include "lua_transfer.h"
#include "lua_values.h"
#include "uri.h"
#include <stdatomic.h>

static slice text_field(lua_State *L, int index, const char *name) {
  slice text = {NULL, 0};
  if (compat_rawfield(L, index, name) != LUA_TNIL)
    text = check_slice(L, -1);
  lua_pop(L, 1);
  return text;
}

static lua_Number number_field(lua_State *L, int index, const char *name) {
  compat_rawfield(L, index, name);
  lua_Number number = luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return number;
}

enum { ENGINE = 1, ATTEMPT, TRANSPORT, FIELDS, PREPARED };

/* A call with one that there is no room for goes the general way. */
static void read_choices(lua_State *L, lua_prepared *p) {
  compat_rawfield(L, FIELDS, "choices");
  luaL_checktype(L, -1, LUA_TTABLE);
  for (int i = 0; i < LUA_PREPARED_CHOICES; i++) {
    lua_rawgeti(L, -1, i + 1);
    if (!lua_isnil(L, -1))
      p->choices[i] = check_slice(L, -1);
    luaL_argcheck(L, uri_is_unreserved(p->choices[i]), FIELDS, "choices");
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static int count_fields(lua_State *L) {
  int count = 0;
  compat_rawfield(L, FIELDS, "result");
  luaL_checktype(L, -1, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1))
    count++;
  lua_pop(L, 1);
  return count;
}

/* Moves the value on top of the stack to the list below it. */
static void keep(lua_State *L, int place) { lua_rawseti(L, -2, place); }

/* What results are made of, and what else the object points into: it lives as long as the
 * object. */
static void keep_values(lua_State *L) {
  static const char *const parts[] = {[LUA_PREPARED_RESULT] = "result",
                                      [LUA_PREPARED_FIRST] = "first",
                                      [LUA_PREPARED_SECOND] = "second"};
  enum { OTHERS = LUA_PREPARED_SECOND, PLAN = OTHERS + PREPARED, SIGNER };
  lua_createtable(L, SIGNER, 0);
  for (int i = LUA_PREPARED_RESULT; i <= LUA_PREPARED_SECOND; i++) {
    compat_rawfield(L, FIELDS, parts[i]);
    keep(L, i);
  }
  for (int i = ENGINE; i <= FIELDS; i++) {
    lua_pushvalue(L, i);
    keep(L, OTHERS + i);
  }
  compat_rawfield(L, ATTEMPT, "plan");
  keep(L, PLAN);
  compat_rawfield(L, ATTEMPT, "signer");
  keep(L, SIGNER);
  compat_keep_alive(L, PREPARED);
}

/* Not in use by any other object of the process. */
static unsigned long next_series(void) {
  static atomic_ulong last;
  return atomic_fetch_add(&last, 1) + 1;
}

/* engine:prepare(attempt, transport, fields) -> prepared
 *
 * The attempt has a plan and a signer. The tables must not be changed, also by a
 * finaliser that any of these allocations runs. */
int lua_prepared_new(lua_State *L) {
  lua_engine *owner = lua_engine_object(L);
  for (int i = ATTEMPT; i <= FIELDS; i++)
    luaL_checktype(L, i, LUA_TTABLE);
  lua_settop(L, FIELDS);
  lua_prepared *p = compat_new_object(L, lua_prepared_class, sizeof *p);
  const lua_plan *plan = lua_plan_field(L, ATTEMPT);
  luaL_argcheck(L, plan, ATTEMPT, "expected an attempt with a plan");
  compat_rawfield(L, ATTEMPT, "signer");
  p->signer = lua_sign_object(L, -1);
  lua_pop(L, 1);
  p->request = plan->request;
  p->transfer = plan->transfer;
  lua_transfer_read_transport(L, TRANSPORT, &p->transfer);
  p->transfer.timeout_ms = to_milliseconds(number_field(L, FIELDS, "seconds"));
  p->patience_ms = (int)to_milliseconds(number_field(L, FIELDS, "patience"));
  p->status = (long)number_field(L, FIELDS, "status");
  p->key = text_field(L, FIELDS, "key");
  p->longest = (size_t)number_field(L, FIELDS, "longest");
  p->before = text_field(L, FIELDS, "before");
  p->after = text_field(L, FIELDS, "after");
  p->type = text_field(L, FIELDS, "type");
  p->body = text_field(L, FIELDS, "body");
  p->request.series = p->transfer.series = next_series();
  p->fields = count_fields(L);
  read_choices(L, p);
  keep_values(L);
  p->engine = owner; /* whole from here on */
  return 1;
}
