/* One transfer, from start to end. Starting it signs it on the way: the table that
 * describes an attempt becomes URL, signature, headers and transfer in one crossing. No
 * function here owns memory across a call that may raise: it belongs to the engine or its
 * object. */
#include "lua_transfer.h"
#include "lua_engine.h"
#include "lua_plan.h"
#include "lua_request.h"
#include "lua_sign.h"
#include "lua_values.h"
#include "text.h"
#include "uri.h"
#include <string.h>

static const char ended_text[] = "the Lua state is closing";

enum { MAX_HEADERS = 64 };

static const char *const kinds[] = {
    [ENGINE_ANSWERED] = "answered",  [ENGINE_NETWORK] = "network",
    [ENGINE_TIMEOUT] = "timeout",    [ENGINE_TLS] = "tls",
    [ENGINE_PROTOCOL] = "protocol",  [ENGINE_LIMIT] = "protocol",
    [ENGINE_TOO_LARGE] = "argument", [ENGINE_SETUP] = "config",
    [ENGINE_MEMORY] = "network",     [ENGINE_DESCRIPTORS] = "network",
    [ENGINE_FORKED] = "network",
};

/* --- starting a transfer ----------------------------------------------------------- */

typedef struct header_list {
  pair items[MAX_HEADERS + SIGN_ADDED_HEADERS];
  size_t count;
} header_list;

/* Signs, and adds what the signature needs to the headers. */
static sign_status signed_headers(signer *s, sign_request *request, sign_output *out,
                                  header_list *list) {
  sign_status status = signer_sign(s, request, out);
  if (status == SIGN_OK)
    list->count += signer_added_headers(s, request, out, list->items + list->count);
  return status;
}

static sign_status plain_headers(sign_request *request, sign_output *out,
                                 header_list *list) {
  buffer_reset(&out->target);
  if (!uri_append_target(&out->target, request->path, request->query,
                         request->query_count))
    return out->target.full ? SIGN_TOO_LARGE : SIGN_NO_MEMORY;
  list->items[list->count++] = (pair){{"Host", 4}, request->host};
  return SIGN_OK;
}

/* False for one that was closed. The attempt keeps it alive. */
static bool signer_field(lua_State *L, signer **s) {
  lua_getfield(L, 2, "signer");
  bool given = !lua_isnil(L, -1);
  *s = given ? lua_sign_check(L, -1) : NULL;
  lua_pop(L, 1);
  return *s || !given;
}

/* --- the transport, a table --- */

static const char *const text_names[ENGINE_TEXTS] = {
    [ENGINE_CA_FILE] = "ca_file",       [ENGINE_CLIENT_CERT] = "client_cert",
    [ENGINE_CLIENT_KEY] = "client_key", [ENGINE_CA_PATH] = "ca_path",
    [ENGINE_CA_PEM] = "ca_pem",         [ENGINE_KEY_PASSWORD] = "client_key_password",
    [ENGINE_PROXY] = "proxy",
};

static slice transport_text(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  slice text = lua_isnil(L, -1) ? (slice){NULL, 0} : check_slice(L, -1);
  lua_pop(L, 1); /* the table keeps it alive */
  return text;
}

static size_t transport_limit(lua_State *L, int index, const char *name) {
  lua_getfield(L, index, name);
  lua_Number value = luaL_checknumber(L, -1);
  lua_pop(L, 1);
  luaL_argcheck(L, value >= 1 && value <= (lua_Number)INT_MAX, index, name);
  return (size_t)value;
}

void lua_transfer_read_transport(lua_State *L, int index, engine_request *request) {
  luaL_checktype(L, index, LUA_TTABLE);
  for (size_t i = 0; i < ENGINE_TEXTS; i++)
    request->transport.texts[i] = transport_text(L, index, text_names[i]);
  request->transport.insecure = flag_field(L, index, "insecure");
  request->user_agent = transport_text(L, index, "user_agent").data;
  request->max_body = transport_limit(L, index, "max_body");
  request->max_head = transport_limit(L, index, "max_head");
}

static int push_transfer_error(lua_State *L, const char *kind, const char *text) {
  lua_pushnil(L);
  lua_pushstring(L, kind);
  lua_pushstring(L, text);
  return 3;
}

/* Memory and OpenSSL fail without any fault of the request. */
static const char *sign_failure_kind(sign_status status) {
  if (status == SIGN_NO_MEMORY)
    return kinds[ENGINE_MEMORY];
  return status == SIGN_CRYPTO ? kinds[ENGINE_SETUP] : "argument";
}

static const char *start_failure(engine_outcome why) {
  if (why == ENGINE_DESCRIPTORS)
    return engine_no_descriptors;
  if (why == ENGINE_TOO_LARGE)
    return "the request is too large to send";
  return why == ENGINE_SETUP ? "libcurl refused the request's settings" : "out of memory";
}

void lua_transfer_push_id(lua_State *L, engine_id id) {
  lua_pushnumber(L, (lua_Number)id);
}

int lua_transfer_launch(lua_State *L, lua_engine *self, signer *s, sign_request *request,
                        engine_request *transfer, engine_id *id) {
  header_list list = {.count = request->header_count};
  *id = 0;
  if (request->header_count > MAX_HEADERS)
    return push_transfer_error(L, "argument",
                               "headers: expected at most 64, with those of the library");
  /* From here on nothing raises until the engine has its copies. */
  if (request->header_count)
    memcpy(list.items, request->headers, request->header_count * sizeof *list.items);
  sign_output *out = &self->signed_request;
  sign_status status =
      s ? signed_headers(s, request, out, &list) : plain_headers(request, out, &list);
  buffer_clear(&out->canonical); /* may hold a token, and outlives the signer */
  if (status != SIGN_OK)
    return push_transfer_error(L, sign_failure_kind(status), sign_status_text(status));
  transfer->method = request->method;
  transfer->target = buffer_slice(&out->target);
  transfer->body = request->body;
  transfer->headers = list.items;
  transfer->header_count = list.count;
  engine_outcome why;
  *id = engine_start(self->engine, transfer, &why);
  transfer->headers = NULL; /* they end with this function */
  return *id == 0 ? push_transfer_error(L, kinds[why], start_failure(why)) : 0;
}

/* Starts what the arguments of engine:start describe. As lua_transfer_launch.
 *
 * The signer is fetched last: reading a table may allocate, so a finaliser may run,
 * and that may close the client and its signer. */
static int start_transfer(lua_State *L, lua_engine *self, engine_id *id) {
  *id = 0;
  luaL_checktype(L, 2, LUA_TTABLE);
  const lua_plan *plan = lua_plan_field(L, 2);
  engine_request transfer = plan ? plan->transfer : lua_plan_read_transfer(L, 2);
  transfer.timeout_ms = to_milliseconds(luaL_checknumber(L, 3));
  lua_transfer_read_transport(L, 4, &transfer);
  sign_request request;
  request_check(L, 2, &request);
  signer *s;
  bool usable = signer_field(L, &s);
  if (!self->engine)
    return push_transfer_error(L, "cancelled", ended_text);
  if (!usable)
    return push_transfer_error(L, "cancelled", "the client was closed");
  return lua_transfer_launch(L, self, s, &request, &transfer, id);
}

/* engine:start(attempt, seconds, transport) -> id | nil, kind, message */
int lua_transfer_start(lua_State *L) {
  engine_id id;
  int count = start_transfer(L, lua_engine_object(L), &id);
  sign_clear_errors();
  if (id == 0)
    return count;
  lua_transfer_push_id(L, id);
  return 1;
}

/* --- driving and collecting -------------------------------------------------------- */

engine_id lua_transfer_check_id(lua_State *L) {
  lua_Number id = luaL_checknumber(L, 2);
  luaL_argcheck(L, id >= 0 && id < 9007199254740992.0, 2, "not the id of a transfer");
  return (engine_id)id;
}

static int poll_ms(lua_State *L, int index) {
  lua_Number seconds = luaL_checknumber(L, index);
  return seconds > 0 ? (int)to_milliseconds(seconds) : 0;
}

/* engine:poll(seconds) */
int lua_transfer_poll(lua_State *L) {
  int ms = poll_ms(L, 2);
  engine *e = lua_engine_check(L);
  if (e)
    engine_poll(e, ms);
  sign_clear_errors();
  return 0;
}

/* engine:wait(id, seconds) -> whether it has finished. Comes back to Lua at every
 * event, so that a hook, which Ctrl-C sets, can run. */
int lua_transfer_wait(lua_State *L) {
  engine_id id = lua_transfer_check_id(L);
  int ms = poll_ms(L, 3);
  engine *e = lua_engine_check(L);
  if (e && engine_is_running(e, id))
    engine_poll(e, ms);
  sign_clear_errors();
  lua_pushboolean(L, !e || !engine_is_running(e, id));
  return 1;
}

/* engine:finished() -> id | nil */
int lua_transfer_finished(lua_State *L) {
  engine *e = lua_engine_check(L);
  engine_id id = e ? engine_next_finished(e) : 0;
  if (id == 0)
    return 0;
  lua_transfer_push_id(L, id);
  return 1;
}

static void push_text(lua_State *L, const char **at) {
  size_t len = strlen(*at);
  lua_pushlstring(L, *at, len);
  *at += len + 1;
}

/* Adds the name and the value on top of the stack, and pops them. */
static void add_header(lua_State *L, int first, int several) {
  int name = lua_gettop(L) - 1, value = name + 1, known = name + 2, list = name + 3;
  lua_pushvalue(L, name);
  lua_rawget(L, first);
  if (lua_isnil(L, known)) {
    lua_pop(L, 1);
    lua_rawset(L, first);
    return;
  }
  if (lua_isnil(L, several)) {
    lua_newtable(L);
    lua_replace(L, several);
  }
  lua_pushvalue(L, name);
  lua_rawget(L, several);
  if (lua_isnil(L, list)) {
    lua_createtable(L, 2, 0);
    lua_replace(L, list);
    lua_pushvalue(L, known);
    lua_rawseti(L, list, 1);
    lua_pushvalue(L, name);
    lua_pushvalue(L, list);
    lua_rawset(L, several);
  }
  lua_pushvalue(L, value);
  lua_rawseti(L, list, (int)lua_rawlen(L, list) + 1);
  lua_settop(L, name - 1);
}

/* Pushes the first value of each header by its name; and nil, or lists of all values by
 * the names of headers that are there several times. */
static void push_headers(lua_State *L, const engine_result *result) {
  const char *at = result->headers;
  int first = lua_gettop(L) + 1;
  lua_createtable(L, 0, (int)result->header_count);
  lua_pushnil(L);
  for (size_t i = 0; i < result->header_count; i++) {
    push_text(L, &at);
    push_text(L, &at);
    add_header(L, first, first + 1);
  }
}

/* The result that the engine has just taken. */
static int push_taken(lua_State *L) {
  const engine_result *result = ((lua_engine *)lua_touserdata(L, 1))->taken;
  if (result->outcome == ENGINE_ANSWERED) {
    lua_pushinteger(L, (lua_Integer)result->status);
    push_headers(L, result);
    push_slice(L, result->body);
    lua_insert(L, -2); /* before the lists */
    return 4;
  }
  push_transfer_error(L, kinds[result->outcome], result->text);
  lua_pushinteger(L, result->code);
  lua_pushboolean(L, result->sent);
  lua_pushinteger(L, (lua_Integer)result->proxy_status);
  lua_pushboolean(L, result->refused);
  lua_pushstring(L, result->fault);
  return 8;
}

/* Pushing may run a finaliser, and that may cancel this transfer, whose id names nothing
 * any more, or collect another one, also just before push_taken begins; and it may raise
 * an error, since memory is short. */
static int push_result(lua_State *L, lua_engine *self, engine_id id) {
  lua_settop(L, 1);
  lua_pushcfunction(L, push_taken);
  lua_pushvalue(L, 1);
  const engine_result *outer = self->taken, *taken = engine_take(self->engine, id);
  if (!taken)
    return push_transfer_error(L, "cancelled", "the call was cancelled");
  self->taken = taken;
  int failed = lua_pcall(L, 1, LUA_MULTRET, 0);
  engine_give_back(self->engine, taken);
  self->taken = outer;
  return failed ? lua_error(L) : lua_gettop(L) - 1;
}

/* engine:collect(id) -> status, headers, body, several | nil, kind, message, code, sent,
 * proxy_status, refused, fault */
int lua_transfer_collect(lua_State *L) {
  engine_id id = lua_transfer_check_id(L);
  lua_engine *self = lua_engine_object(L);
  if (!self->engine)
    return push_transfer_error(L, "cancelled", ended_text);
  if (engine_is_running(self->engine, id))
    return luaL_error(L, "the transfer is still in flight");
  return push_result(L, self, id);
}

/* engine:fetch(attempt, seconds, transport, patience) -> what start, one poll of so many
 * seconds and collect return | false, id
 *
 * False: Lua has to go on, since the transfer is in flight, or others have finished too.
 */
int lua_transfer_fetch(lua_State *L) {
  engine_id id;
  int ms = poll_ms(L, 5);
  lua_engine *self = lua_engine_object(L);
  int count = start_transfer(L, self, &id);
  if (id != 0)
    engine_poll(self->engine, ms);
  sign_clear_errors();
  if (id == 0)
    return count;
  if (engine_has_only_finished(self->engine, id))
    return push_result(L, self, id);
  lua_pushboolean(L, 0);
  lua_transfer_push_id(L, id);
  return 2;
}

/* engine:cancel(id) */
int lua_transfer_cancel(lua_State *L) {
  engine_id id = lua_transfer_check_id(L);
  engine *e = lua_engine_check(L);
  if (e)
    engine_release(e, id);
  sign_clear_errors();
  return 0;
}

/* engine:is_sent(id) -> whether the server is awaited */
int lua_transfer_is_sent(lua_State *L) {
  engine_id id = lua_transfer_check_id(L);
  engine *e = lua_engine_check(L);
  lua_pushboolean(L, e && engine_is_sent(e, id));
  return 1;
}

/* engine:running() -> number of transfers in flight */
int lua_transfer_running(lua_State *L) {
  engine *e = lua_engine_check(L);
  lua_pushinteger(L, e ? (lua_Integer)engine_running(e) : 0);
  return 1;
}
