#include "lua_prepared.h"
#include "lockout.h"
#include "lua_prepared_object.h"
#include "lua_scratch.h"
#include "lua_transfer.h"
#include "lua_values.h"
#include "sign_head.h"
#include "text.h"
#include "uri.h"

const char lua_prepared_class[] = "aom.prepared";

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
  for (size_t i = 0; i < LUA_PREPARED_CHOICES && p->choices[i].data; i++)
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

/* Makes the request of the arguments, and returns what signs it. NULL: it is none like
 * the one before. */
static signer *next_request(lua_State *L, const lua_prepared *p, lua_Number now,
                            sign_request *request) {
  lua_engine *self = p->engine;
  slice date = check_slice(L, DATE), id = string_at(L, ID), choice = string_at(L, CHOICE);
  signer *s = self && self->engine ? lua_sign_of(p->signer) : NULL;
  if (!s || !is_plain_id(p, id) || !is_choice(p, choice) || !is_accepted(p->key, now) ||
      !write_target(&self->target, p, id, choice))
    return NULL;
  *request = p->request;
  request->target = buffer_slice(&self->target);
  request->date = date;
  return s;
}

/* For prepared:send and begin. 0: nothing was sent. */
static engine_id start_prepared(lua_State *L, const lua_prepared *p, lua_Number now) {
  lua_engine *self = p->engine;
  sign_request request;
  engine_request transfer = p->transfer;
  signer *s = next_request(L, p, now, &request);
  if (!s)
    return 0;
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

/* A type without data is none. Where the key is no longer an accepted one, the answer is
 * news of it. */
static bool is_good(const lua_prepared *p, long status, slice type, slice body,
                    lua_Number now) {
  bool is_same_type =
      type.data && p->type.data ? text_equal(type, p->type) : type.data == p->type.data;
  return status == p->status && is_same_type && text_equal(body, p->body) &&
         is_accepted(p->key, now);
}

static bool is_as_before(const lua_prepared *p, const engine_result *result,
                         lua_Number now) {
  return result->outcome == ENGINE_ANSWERED &&
         is_good(p, result->status, find_header(result, "content-type"), result->body,
                 now) &&
         find_header(result, "x-request-id").len <= MAX_REQUEST_ID;
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
  lua_rawgeti(L, VALUES, LUA_PREPARED_RESULT);
  for (lua_pushnil(L); lua_next(L, MADE + 1) != 0; lua_settop(L, COPIED)) {
    lua_pushvalue(L, NAME);
    lua_insert(L, VALUE);
    lua_rawset(L, MADE);
  }
  if (lua_getmetatable(L, MADE + 1))
    lua_setmetatable(L, MADE);
  lua_settop(L, MADE);
  put_value(L, LUA_PREPARED_FIRST, ID);
  put_value(L, LUA_PREPARED_SECOND, CHOICE);
}

/* Adds what is on top. */
static void put_request_id(lua_State *L) {
  lua_pushliteral(L, "request_id");
  lua_insert(L, -2);
  lua_rawset(L, MADE);
}

/* prepared:result(request id or nil, id, choice) -> result of an answer as before */
static int prepared_result(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, lua_prepared_class);
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
  const lua_prepared *p = luaL_checkudata(L, SELF, lua_prepared_class);
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
  const lua_prepared *p = luaL_checkudata(L, SELF, lua_prepared_class);
  engine_id id = start_prepared(L, p, engine_seconds());
  sign_clear_errors();
  if (id == 0)
    return 0;
  lua_transfer_push_id(L, id);
  return 1;
}

/* prepared:take(transfer) -> true, request id or nil | false: it has to be collected */
static int prepared_take(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, lua_prepared_class);
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

/* --- for a transport other than the engine ------------------------------------------ */

/* prepared:head(date, id, choice) -> what core.head returns of the attempt | nil
 *
 * Making the scratch may run a finaliser, so it comes before all else. */
static int prepared_head(lua_State *L) {
  const lua_prepared *p = luaL_checkudata(L, SELF, lua_prepared_class);
  sign_request request;
  buffer *text = lua_scratch_push(L);
  signer *s = next_request(L, p, engine_seconds(), &request);
  if (!s || sign_head_write(s, &request, &p->engine->signed_request, text) != SIGN_OK)
    return push_unsent(L);
  return lua_scratch_finish(L, text);
}

/* prepared:is_good(status, content type or nil, body) -> whether such an answer is as
 * before */
static int prepared_is_good(lua_State *L) {
  enum { STATUS = SELF + 1, TYPE, BODY };
  const lua_prepared *p = luaL_checkudata(L, SELF, lua_prepared_class);
  long status = (long)luaL_checkinteger(L, STATUS);
  lua_pushboolean(
      L, is_good(p, status, string_at(L, TYPE), check_slice(L, BODY), engine_seconds()));
  return 1;
}

/* --- the class ---------------------------------------------------------------------- */

void lua_prepared_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"send", prepared_send},
                                     {"begin", prepared_begin},
                                     {"take", prepared_take},
                                     {"result", prepared_result},
                                     {"head", prepared_head},
                                     {"is_good", prepared_is_good},
                                     {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  compat_new_class(L, lua_prepared_class, methods, none);
}
