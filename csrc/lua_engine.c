/* Lua's view of the engine. Starting a transfer signs it on the way: the table that
 * describes an attempt becomes URL, signature, headers and transfer in one crossing.
 *
 * No function here holds memory across a call that may raise: the engine and its
 * scratch space hang on a userdata, and everything else belongs to the engine. */
#include "lua_engine.h"
#include "engine.h"
#include "lua_events.h"
#include "lua_request.h"
#include "lua_sign.h"
#include "sign.h"
#include "uri.h"
#include <limits.h>
#include <math.h>
#include <string.h>

static const char engine_class[] = "aom.engine";
static const char closed_text[] = "the client was closed";

enum { MAX_HEADERS = 64 };

typedef struct lua_engine {
  engine *engine; /* NULL before it is made and after its end */
  sign_output signed_request;
  bool closed;
  unsigned holders; /* calls that read the engine's memory while Lua allocates */
} lua_engine;

static const char *const kinds[] = {
    [ENGINE_ANSWERED] = "answered",  [ENGINE_NETWORK] = "network",
    [ENGINE_TIMEOUT] = "timeout",    [ENGINE_TLS] = "tls",
    [ENGINE_PROTOCOL] = "protocol",  [ENGINE_LIMIT] = "protocol",
    [ENGINE_TOO_LARGE] = "argument", [ENGINE_SETUP] = "config",
    [ENGINE_MEMORY] = "network",     [ENGINE_FORKED] = "network",
};

static lua_engine *check_any(lua_State *L) { return luaL_checkudata(L, 1, engine_class); }

engine *lua_engine_check(lua_State *L) {
  lua_engine *self = check_any(L);
  return self->closed ? NULL : self->engine;
}

/* --- making ---------------------------------------------------------------------- */

/* Leaves the value on the stack, which keeps the text alive. */
static const char *push_text_option(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  return lua_isnil(L, -1) ? NULL : luaL_checkstring(L, -1);
}

static size_t size_option(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  lua_Number value = luaL_checknumber(L, -1);
  lua_pop(L, 1);
  luaL_argcheck(L, value >= 1 && value <= (lua_Number)INT_MAX, 1, name);
  return (size_t)value;
}

static bool flag_field(lua_State *L, int table, const char *name) {
  lua_getfield(L, table, name);
  bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

static int l_engine(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  engine_options options = {
      .ca_file = push_text_option(L, "ca_file"),
      .proxy = push_text_option(L, "proxy"),
      .user_agent = push_text_option(L, "user_agent"),
      .insecure = flag_field(L, 1, "insecure"),
      .max_body = size_option(L, "max_body"),
      .max_head = size_option(L, "max_head"),
  };
  lua_engine *self = compat_new_object(L, engine_class, sizeof *self);
  sign_output_init(&self->signed_request);
  self->engine = engine_new(&options);
  if (self->engine)
    return 1;
  lua_pushnil(L);
  lua_pushliteral(L, "libcurl could not be initialised");
  return 2;
}

static void destroy(lua_engine *self) {
  engine_free(self->engine);
  sign_clear_errors();
  self->engine = NULL;
  sign_output_free(&self->signed_request);
}

static int m_close(lua_State *L) {
  lua_engine *self = check_any(L);
  self->closed = true;
  if (self->holders == 0)
    destroy(self);
  return 0;
}

/* When the state closes finalisers of others may still come here afterwards. */
static int engine_gc(lua_State *L) {
  lua_engine *self = check_any(L);
  self->closed = true;
  destroy(self);
  return 0;
}

/* --- starting a transfer ----------------------------------------------------------- */

typedef struct header_list {
  pair items[MAX_HEADERS + SIGN_ADDED_HEADERS];
  size_t count;
} header_list;

/* Signs, and adds what the signature needs to the headers. */
static sign_status sign_headers(signer *s, sign_request *request, sign_output *out,
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

static long milliseconds(lua_Number seconds) {
  if (!(seconds > 0))
    return 1; /* libcurl reads 0 as "no limit" */
  lua_Number ms = ceil(seconds * 1000);
  return ms < (lua_Number)INT_MAX ? (long)ms : INT_MAX;
}

static slice text_field(lua_State *L, const char *name) {
  slice text = {NULL, 0};
  lua_getfield(L, 2, name);
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "attempt.%s: expected a string", name);
  text.data = lua_tolstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

/* False for one that was closed. The attempt keeps it alive. */
static bool signer_field(lua_State *L, signer **s) {
  lua_getfield(L, 2, "signer");
  bool given = !lua_isnil(L, -1);
  *s = given ? lua_sign_check(L, -1) : NULL;
  lua_pop(L, 1);
  return *s || !given;
}

static lua_Number number_field(lua_State *L, const char *name) {
  lua_getfield(L, 2, name);
  lua_Number value = luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return value;
}

static int failure(lua_State *L, const char *kind, const char *text) {
  lua_pushnil(L);
  lua_pushstring(L, kind);
  lua_pushstring(L, text);
  return 3;
}

/* Short of memory or of what OpenSSL is to provide: no fault of the request's. */
static const char *sign_failure_kind(sign_status status) {
  if (status == SIGN_NO_MEMORY)
    return kinds[ENGINE_MEMORY];
  return status == SIGN_CRYPTO ? kinds[ENGINE_SETUP] : "argument";
}

static const char *start_failure(engine_outcome why) {
  if (why == ENGINE_TOO_LARGE)
    return "the request is too large to send";
  return why == ENGINE_SETUP ? "libcurl refused the request's settings" : "out of memory";
}

static void push_id(lua_State *L, engine_id id) { lua_pushnumber(L, (lua_Number)id); }

/* engine:start(attempt, seconds) -> id | nil, kind, message
 *
 * The signer is fetched last: reading a table may allocate, so a finaliser may run,
 * and one that closes the client would take the signer away under us. */
static int m_start(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  engine_request transfer = {
      .base = text_field(L, "base"),
      .connect_timeout_ms = milliseconds(number_field(L, "connect_timeout")),
      .timeout_ms = milliseconds(luaL_checknumber(L, 3)),
      .fresh_connection = flag_field(L, 2, "fresh"),
      .no_proxy = flag_field(L, 2, "no_proxy"),
  };
  sign_request request;
  request_check(L, 2, &request);
  if (request.header_count > MAX_HEADERS)
    return failure(L, "argument", "more than 64 headers");
  signer *s;
  bool usable = signer_field(L, &s);
  lua_engine *self = check_any(L);
  if (!usable || self->closed)
    return failure(L, "cancelled", closed_text);

  /* From here on nothing raises until the engine has its copies. */
  header_list list = {.count = request.header_count};
  if (request.header_count)
    memcpy(list.items, request.headers, request.header_count * sizeof *list.items);
  sign_output *out = &self->signed_request;
  sign_status status =
      s ? sign_headers(s, &request, out, &list) : plain_headers(&request, out, &list);
  if (status != SIGN_OK)
    return failure(L, sign_failure_kind(status), sign_status_text(status));
  transfer.method = request.method;
  transfer.target = buffer_slice(&out->target);
  transfer.body = request.body;
  transfer.headers = list.items;
  transfer.header_count = list.count;
  engine_outcome why;
  engine_id id = engine_start(self->engine, &transfer, &why);
  sign_clear_errors();
  if (id == 0)
    return failure(L, kinds[why], start_failure(why));
  push_id(L, id);
  return 1;
}

/* --- driving and collecting ------------------------------------------------------- */

static engine_id check_id(lua_State *L) {
  lua_Number id = luaL_checknumber(L, 2);
  luaL_argcheck(L, id >= 0 && id < 9007199254740992.0, 2, "not the id of a transfer");
  return (engine_id)id;
}

static int poll_ms(lua_State *L, int index) {
  lua_Number seconds = luaL_checknumber(L, index);
  return seconds > 0 ? (int)milliseconds(seconds) : 0;
}

/* engine:poll(seconds) */
static int m_poll(lua_State *L) {
  int ms = poll_ms(L, 2);
  engine *e = lua_engine_check(L);
  if (e)
    engine_poll(e, ms);
  sign_clear_errors();
  return 0;
}

/* engine:wait(id, seconds) -> whether it has finished. Comes back to Lua at every
 * event, so that an interrupt (Ctrl-C sets a hook) gets its turn. */
static int m_wait(lua_State *L) {
  engine_id id = check_id(L);
  int ms = poll_ms(L, 3);
  engine *e = lua_engine_check(L);
  if (e && engine_is_running(e, id))
    engine_poll(e, ms);
  sign_clear_errors();
  lua_pushboolean(L, !e || !engine_is_running(e, id));
  return 1;
}

/* engine:finished() -> id | nil */
static int m_finished(lua_State *L) {
  engine *e = lua_engine_check(L);
  engine_id id = e ? engine_next_finished(e) : 0;
  if (id == 0)
    return 0;
  push_id(L, id);
  return 1;
}

static void push_slice(lua_State *L, slice text) {
  lua_pushlstring(L, text.data ? text.data : "", text.len);
}

static void push_headers(lua_State *L, const engine_result *result) {
  lua_createtable(L, 0, (int)result->header_count);
  for (size_t i = 0; i < result->header_count; i++) {
    push_slice(L, result->headers[i].name);
    push_slice(L, result->headers[i].value);
    lua_rawset(L, -3);
  }
}

/* engine:collect(id) -> status, headers, body | nil, kind, message, code, sent
 *
 * Pushing may run a finaliser. One that closes this engine only marks it; one that
 * cancels this very transfer finds none under its id. If an error cuts the call short,
 * the collector destroys the engine later. */
static int m_collect(lua_State *L) {
  engine_id id = check_id(L);
  lua_engine *self = check_any(L);
  engine *e = self->engine;
  if (self->closed)
    return failure(L, "cancelled", closed_text);
  if (engine_is_running(e, id))
    return luaL_error(L, "the transfer is still in flight");
  const engine_result *result = engine_take(e, id);
  if (!result)
    return failure(L, "cancelled", "the call was cancelled");
  int count;
  self->holders++;
  if (result->outcome == ENGINE_ANSWERED) {
    lua_pushinteger(L, (lua_Integer)result->status);
    push_headers(L, result);
    push_slice(L, result->body);
    count = 3;
  } else {
    failure(L, kinds[result->outcome], result->text);
    lua_pushinteger(L, result->code);
    lua_pushboolean(L, result->sent);
    count = 5;
  }
  engine_give_back(e, result);
  if (--self->holders == 0 && self->closed)
    destroy(self);
  return count;
}

/* engine:cancel(id) */
static int m_cancel(lua_State *L) {
  engine_id id = check_id(L);
  engine *e = lua_engine_check(L);
  if (e)
    engine_release(e, id);
  sign_clear_errors();
  return 0;
}

/* engine:running() -> number of transfers in flight */
static int m_running(lua_State *L) {
  engine *e = lua_engine_check(L);
  lua_pushinteger(L, e ? (lua_Integer)engine_running(e) : 0);
  return 1;
}

static const luaL_Reg methods[] = {{"start", m_start},
                                   {"poll", m_poll},
                                   {"wait", m_wait},
                                   {"finished", m_finished},
                                   {"collect", m_collect},
                                   {"cancel", m_cancel},
                                   {"running", m_running},
                                   {"watch", lua_events_watch},
                                   {"wish", lua_events_wish},
                                   {"timer", lua_events_timer},
                                   {"is_free", lua_events_is_free},
                                   {"close", m_close},
                                   {"on_timeout", lua_events_on_timeout},
                                   {"on_socket", lua_events_on_socket},
                                   {NULL, NULL}};

static const luaL_Reg meta[] = {{"__gc", engine_gc}, {NULL, NULL}};

static const luaL_Reg functions[] = {{"engine", l_engine}, {NULL, NULL}};

void lua_engine_open(lua_State *L) {
  compat_new_class(L, engine_class, methods, meta);
  luaL_setfuncs(L, functions, 0);
}
