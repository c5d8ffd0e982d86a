#include "lua_prepared.h"
#include "lockout.h"
#include "lua_engine.h"
#include "lua_plan.h"
#include "lua_sign.h"
#include "lua_transfer.h"
#include "lua_values.h"
#include "text.h"
#include "uri.h"
#include <stdatomic.h>

static const char prepared_class[] = "aom.prepared";

enum { MAX_CHOICES = 4 };

typedef struct lua_prepared {
  lua_engine *engine;
  const lua_signer *signer;
  sign_request request;       /* the plan's */
  engine_request transfer;    /* the plan's, with the transport */
  int patience_ms;            /* how long to wait here */
  slice key;                  /* the name of the key pair in the memory of refused ones */
  slice before, after;        /* of the encoded target, around the first value, an id */
  size_t longest;             /* that the id may be */
  slice choices[MAX_CHOICES]; /* what ends the target; no data behind the last one */
  long status;                /* of the good answer */
  slice type, body;           /* its own; without a type that has no data */
  int fields;                 /* that a result has */
} lua_prepared;

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
  for (int i = 0; i < MAX_CHOICES; i++) {
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

/* What else is kept with the object, behind the arguments. */
enum { PLAN = PREPARED, SIGNER, RESULT, FIRST, SECOND };

/* So that what the object points into lives as long as the object. */
static void keep_values(lua_State *L) {
  static const char *const names[] = {"result", "first", "second"};
  lua_createtable(L, SECOND, 0);
  for (int i = ENGINE; i <= FIELDS; i++) {
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i);
  }
  compat_rawfield(L, ATTEMPT, "plan");
  lua_rawseti(L, -2, PLAN);
  compat_rawfield(L, ATTEMPT, "signer");
  lua_rawseti(L, -2, SIGNER);
  for (int i = RESULT; i <= SECOND; i++) {
    compat_rawfield(L, FIELDS, names[i - RESULT]);
    lua_rawseti(L, -2, i);
  }
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
  lua_prepared *p = compat_new_object(L, prepared_class, sizeof *p);
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

/* --- sending ----------------------------------------------------------------------- */

/* Only there a call is no task, which would have to be suspended. */
static bool is_main_thread(lua_State *L) {
  bool is_main = lua_pushthread(L) == 1;
  lua_pop(L, 1);
  return is_main;
}

static int64_t milliseconds(lua_Number seconds) { return (int64_t)(seconds * 1000); }

static bool is_accepted(slice key, lua_Number now) {
  lockout_answer answer;
  lockout_look(key, milliseconds(now), &answer);
  return answer.state == LOCKOUT_OPEN;
}

/* No data for what is no string. */
static slice string_at(lua_State *L, int index) {
  return lua_type(L, index) == LUA_TSTRING ? check_slice(L, index) : (slice){NULL, 0};
}

/* One that needs no look at what it would do to a path. */
static bool is_plain_id(const lua_prepared *p, slice id) {
  return id.len > 0 && id.len <= p->longest && uri_is_unreserved(id) &&
         !text_equal(id, (slice)TEXT(".")) && !text_equal(id, (slice)TEXT(".."));
}

static bool is_choice(const lua_prepared *p, slice value) {
  for (size_t i = 0; i < MAX_CHOICES && p->choices[i].data; i++)
    if (text_equal(value, p->choices[i]))
      return true;
  return false;
}

/* False: it is too long, or memory is short. */
static bool write_target(buffer *target, const lua_prepared *p, slice id, slice choice) {
  buffer_reset(target);
  char *start =
      buffer_reserve(target, p->before.len + id.len + p->after.len + choice.len);
  if (!start)
    return false;
  char *at = text_put(text_put(start, p->before), id);
  at = text_put(text_put(at, p->after), choice);
  target->len = (size_t)(at - start);
  return true;
}

/* The places of arguments, and behind them what a result is made of. */
enum { SELF = 1, DATE, ID, CHOICE, VALUES, MADE };

/* The arguments of prepared:send and begin. 0: nothing was sent. */
static engine_id start_prepared(lua_State *L, const lua_prepared *p, lua_Number now) {
  lua_engine *self = p->engine;
  slice date = check_slice(L, DATE), id = string_at(L, ID), choice = string_at(L, CHOICE);
  signer *s = self && self->engine ? lua_sign_of(p->signer) : NULL;
  if (!s || !is_plain_id(p, id) || !is_choice(p, choice) || !is_accepted(p->key, now) ||
      !write_target(&self->target, p, id, choice))
    return 0;
  sign_request request = p->request;
  engine_request transfer = p->transfer;
  request.target = buffer_slice(&self->target);
  request.date = date;
  engine_id started;
  lua_transfer_launch(L, self, s, &request, &transfer, &started);
  return started;
}

/* The header's value; no data: there is none. */
static slice find_header(const engine_result *result, const char *name) {
  const char *at = result->headers;
  for (size_t i = 0; i < result->header_count; i++) {
    const char *value = at + strlen(at) + 1;
    if (strcmp(at, name) == 0)
      return (slice){value, strlen(value)};
    at = value + strlen(value) + 1;
  }
  return (slice){NULL, 0};
}

enum { MAX_REQUEST_ID = 256 };

static bool has_same_content(const lua_prepared *p, const engine_result *result) {
  if (result->outcome != ENGINE_ANSWERED || result->status != p->status ||
      !text_equal(result->body, p->body))
    return false;
  slice type = find_header(result, "content-type");
  bool is_same_type =
      type.data && p->type.data ? text_equal(type, p->type) : type.data == p->type.data;
  return is_same_type && find_header(result, "x-request-id").len <= MAX_REQUEST_ID;
}

/* Where the key is no longer an accepted one, the answer is news of it. */
static bool is_as_before(const lua_prepared *p, const engine_result *result,
                         lua_Number now) {
  return has_same_content(p, result) && is_accepted(p->key, now);
}

/* Pushes the request id, or nil. Pushing may raise an error, so the engine has its
 * transfer back before. */
static void push_request_id(lua_State *L, engine *e, engine_id id,
                            const engine_result *result) {
  char copy[MAX_REQUEST_ID];
  slice request_id = find_header(result, "x-request-id");
  text_put(copy, request_id);
  engine_release(e, id);
  if (request_id.data)
    lua_pushlstring(L, copy, request_id.len);
  else
    lua_pushnil(L);
}

/* --- the result -------------------------------------------------------------------- */

/* Pushes what is kept with the object, and an empty table with room for a result. */
static void push_blank(lua_State *L, const lua_prepared *p) {
  compat_push_kept(L, SELF);
  lua_createtable(L, 0, p->fields);
}

static void put_value(lua_State *L, int name, int value) {
  lua_rawgeti(L, VALUES, name);
  lua_pushvalue(L, value);
  lua_rawset(L, MADE);
}

/* Makes the blank table a copy of the good result, with the values of this call. It has
 * room for all, so nothing here allocates or raises. */
static void fill_blank(lua_State *L) {
  enum { NAME = MADE + 2, VALUE, COPIED = NAME };
  lua_rawgeti(L, VALUES, RESULT);
  for (lua_pushnil(L); lua_next(L, MADE + 1) != 0; lua_settop(L, COPIED)) {
    lua_pushvalue(L, NAME);
    lua_insert(L, VALUE);
    lua_rawset(L, MADE);
  }
  if (lua_getmetatable(L, MADE + 1))
    lua_setmetatable(L, MADE);
  lua_settop(L, MADE);
  put_value(L, FIRST, ID);
  put_value(L, SECOND, CHOICE);
}

/* Adds what is on top. */
static void put_request_id(lua_State *L) {
  lua_pushliteral(L, "request_id");
  lua_insert(L, -2);
  lua_rawset(L, MADE);
}

/* prepared:result(request id or nil, id, choice) -> result of an answer as before */
static int prepared_result(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, prepared_class);
  lua_settop(L, CHOICE);
  push_blank(L, p);
  fill_blank(L);
  lua_pushvalue(L, DATE); /* where the request id is here */
  put_request_id(L);
  return 1;
}

/* --- the methods ------------------------------------------------------------------- */

/* While the answer is awaited, what comes after it or before the next request takes no
 * time. */
static void use_wait(lua_State *L, const lua_prepared *p) {
  fill_blank(L);
  signer_begin(lua_sign_of(p->signer));
}

static int push_unsent(lua_State *L) {
  sign_clear_errors();
  lua_pushnil(L);
  return 1;
}

/* prepared:send(date, id, choice) -> result, seconds since it began
 *   | false, seconds, transfer: it goes on, has to be collected, or others have finished
 *   | nil: it was not sent
 *
 * Waits here, so it sends nothing from a coroutine. Nothing is sent either where anything
 * is not as usual, or fails: the general way then says what. */
static int prepared_send(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, prepared_class);
  lua_Number started = engine_seconds();
  lua_settop(L, CHOICE);
  if (!is_main_thread(L))
    return push_unsent(L);
  push_blank(L, p); /* may run a finaliser, so it comes before all else */
  engine_id id = start_prepared(L, p, started);
  if (id == 0)
    return push_unsent(L);
  engine *e = p->engine->engine;
  engine_on_timeout(e);
  use_wait(L, p);
  engine_poll(e, p->patience_ms);
  sign_clear_errors();
  lua_Number now = engine_seconds();
  if (!engine_has_only_finished(e, id) || !is_as_before(p, engine_look(e, id), now)) {
    lua_pushboolean(L, 0);
    lua_pushnumber(L, now - started);
    lua_transfer_push_id(L, id);
    return 3;
  }
  push_request_id(L, e, id, engine_look(e, id));
  put_request_id(L);
  lua_pushnumber(L, now - started);
  return 2;
}

/* prepared:begin(date, id, choice) -> transfer | nil: it was not sent */
static int prepared_begin(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, prepared_class);
  engine_id id = start_prepared(L, p, engine_seconds());
  sign_clear_errors();
  if (id == 0)
    return 0;
  lua_transfer_push_id(L, id);
  return 1;
}

/* prepared:take(transfer) -> true, request id or nil | false: it has to be collected */
static int prepared_take(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, prepared_class);
  engine_id id = lua_transfer_check_id(L);
  engine *e = p->engine ? p->engine->engine : NULL;
  const engine_result *result = e ? engine_look(e, id) : NULL;
  bool is_good = result && is_as_before(p, result, engine_seconds());
  lua_pushboolean(L, is_good);
  if (!is_good)
    return 1;
  push_request_id(L, e, id, result);
  return 2;
}

void lua_prepared_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"send", prepared_send},
                                     {"begin", prepared_begin},
                                     {"take", prepared_take},
                                     {"result", prepared_result},
                                     {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  compat_new_class(L, prepared_class, methods, none);
}
