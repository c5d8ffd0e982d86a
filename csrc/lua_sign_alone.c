/* core.sign_alone(request, credentials) -> signed | nil [, sentence, code]
 *
 * Reads both tables, checks them and signs, in one call. What it finds wrong it refuses
 * without a reason: finding the reason is Lua's part (aom.http.sign), and so is a table
 * that holds more than can be seen, or numbers.
 *
 * While it holds memory, Lua allocates nothing, so no error is raised, and no finaliser
 * changes the tables that the slices point into. The result is made in a protected call;
 * by then all slices that it reads belong to the signer, the output, or values that stand
 * on the stack. */
#include "lua_sign_alone.h"
#include "lua_request.h"
#include "lua_sign.h"
#include "lua_values.h"
#include "text.h"
#include <stdlib.h>
#include <time.h>

typedef struct field {
  slice name;
  int type;
} field;

enum { METHOD, SCHEME, HOST, PATH, BODY, QUERY, HEADERS, REQUEST_FIELDS };
static const field request_fields[REQUEST_FIELDS] = {
    [METHOD] = {TEXT("method"), LUA_TSTRING},  [SCHEME] = {TEXT("scheme"), LUA_TSTRING},
    [HOST] = {TEXT("host"), LUA_TSTRING},      [PATH] = {TEXT("path"), LUA_TSTRING},
    [BODY] = {TEXT("body"), LUA_TSTRING},      [QUERY] = {TEXT("query"), LUA_TTABLE},
    [HEADERS] = {TEXT("headers"), LUA_TTABLE},
};

enum { AK, SK, TOKEN, ALGORITHM, DATE, REGION, SERVICE, NAMES, KEY_FIELDS };
static const field key_fields[KEY_FIELDS] = {
    [AK] = {TEXT("ak"), LUA_TSTRING},
    [SK] = {TEXT("sk"), LUA_TSTRING},
    [TOKEN] = {TEXT("security_token"), LUA_TSTRING},
    [ALGORITHM] = {TEXT("algorithm"), LUA_TSTRING},
    [DATE] = {TEXT("date"), LUA_TSTRING},
    [REGION] = {TEXT("region"), LUA_TSTRING},
    [SERVICE] = {TEXT("service"), LUA_TSTRING},
    [NAMES] = {TEXT("signed_headers"), LUA_TTABLE},
};

/* Where things stand on the stack. */
enum {
  GIVEN = 1,
  KEY,
  FINISH, /* the function that makes the result */
  WORK,   /* its argument, a pointer */
  REQUEST_SLOTS,
  KEY_SLOTS = REQUEST_SLOTS + REQUEST_FIELDS,
  TOP = KEY_SLOTS + KEY_FIELDS - 1,
  MORE = 8 /* for reading lists */
};

enum { FEW = 24, STAMP_SIZE = sizeof "20260102T030405Z" };

typedef struct work {
  sign_request request;
  signer_key key;
  slice scheme;
  char stamp[STAMP_SIZE];
  pair *lists; /* of the query, the headers, and then the names */
  pair few[FEW];
  signer *signer;
  sign_output output;
} work;

/* Of the key and the value on top of the stack, or -1. */
static int find_field(lua_State *L, const field *fields, int count) {
  slice name;
  if (lua_type(L, -2) != LUA_TSTRING)
    return -1;
  name.data = lua_tolstring(L, -2, &name.len);
  int i = 0;
  while (i < count && !text_equal(fields[i].name, name))
    i++;
  return i < count && lua_type(L, -1) == fields[i].type ? i : -1;
}

static bool is_plain(lua_State *L, int table) {
  return lua_istable(L, table) && !lua_getmetatable(L, table);
}

/* False: it is no plain table, or holds anything else. */
static bool read_fields(lua_State *L, int table, const field *fields, int count,
                        int slots) {
  if (!is_plain(L, table))
    return false;
  for (lua_pushnil(L); lua_next(L, table) != 0;) {
    int i = find_field(L, fields, count);
    if (i < 0)
      return false;
    lua_replace(L, slots + i);
  }
  return true;
}

/* The bytes of a string; NULL for nil. */
static slice text_at(lua_State *L, int index) {
  slice text = {NULL, 0};
  if (!lua_isnil(L, index))
    text.data = lua_tolstring(L, index, &text.len);
  return text;
}

static bool is_word(slice text) { return text.len > 0 && !text_has_control(text); }

static bool is_optional_word(slice text) { return text.data == NULL || is_word(text); }

/* No control byte, so no NUL before its end. */
static bool is_host(slice text) {
  return is_word(text) && strcspn(text.data, " /\\?#@") == text.len;
}

static bool take_request(lua_State *L, work *w) {
  static const slice https = TEXT("https"), http = TEXT("http");
  sign_request *r = &w->request;
  r->method = text_at(L, REQUEST_SLOTS + METHOD);
  r->host = text_at(L, REQUEST_SLOTS + HOST);
  r->path = text_at(L, REQUEST_SLOTS + PATH);
  r->body = text_at(L, REQUEST_SLOTS + BODY);
  w->scheme = text_at(L, REQUEST_SLOTS + SCHEME);
  if (w->scheme.data == NULL)
    w->scheme = https;
  return r->method.len > 0 && is_host(r->host) && r->path.len > 0 &&
         *r->path.data == '/' &&
         (text_equal(w->scheme, https) || text_equal(w->scheme, http));
}

static bool take_key(lua_State *L, work *w) {
  signer_key *k = &w->key;
  slice algorithm = text_at(L, KEY_SLOTS + ALGORITHM);
  k->ak = text_at(L, KEY_SLOTS + AK);
  k->sk = text_at(L, KEY_SLOTS + SK);
  k->security_token = text_at(L, KEY_SLOTS + TOKEN);
  k->region = text_at(L, KEY_SLOTS + REGION);
  k->service = text_at(L, KEY_SLOTS + SERVICE);
  if (!is_word(k->ak) || !is_word(k->sk) || !is_optional_word(k->security_token) ||
      !is_optional_word(k->region) || !is_optional_word(k->service))
    return false;
  k->algorithm = SIGN_HMAC_SHA256;
  if (algorithm.data != NULL && !sign_algorithm_find(algorithm, &k->algorithm))
    luaL_error(L, "credentials.algorithm: expected a known algorithm");
  return true;
}

/* The date that is given, or the present one. */
static bool take_date(lua_State *L, work *w) {
  struct tm parts;
  time_t now = time(NULL);
  w->request.date = text_at(L, KEY_SLOTS + DATE);
  if (w->request.date.data != NULL)
    return w->request.date.len > 0;
  if (gmtime_r(&now, &parts) == NULL)
    return false;
  size_t len = strftime(w->stamp, sizeof w->stamp, "%Y%m%dT%H%M%SZ", &parts);
  w->request.date = (slice){w->stamp, len};
  return true;
}

static size_t count_entries(lua_State *L, int table, const char *what) {
  size_t count = 0;
  if (lua_isnil(L, table))
    return 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    if (++count > REQUEST_MAX_ENTRIES)
      luaL_error(L, "%s: expected at most %d entries", what, (int)REQUEST_MAX_ENTRIES);
  return count;
}

/* A list of pairs, a map, or both. */
static bool fill_query(lua_State *L, int table, pair *out) {
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1), out++) {
    if (lua_type(L, -2) == LUA_TNUMBER) {
      if (!is_plain(L, lua_gettop(L)))
        return false;
      compat_rawgeti(L, -1, 1);
      compat_rawgeti(L, -2, 2);
    } else {
      lua_pushvalue(L, -2);
      lua_pushvalue(L, -2);
    }
    if (lua_type(L, -2) != LUA_TSTRING ||
        (lua_type(L, -1) != LUA_TSTRING && !lua_isnil(L, -1)))
      return false;
    *out = (pair){text_at(L, -2), text_at(L, -1)};
    lua_pop(L, 2);
  }
  return true;
}

static bool fill_headers(lua_State *L, int table, pair *out) {
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
      return false;
    *out++ = (pair){text_at(L, -2), text_at(L, -1)};
  }
  return true;
}

/* A list has no other entries than these. */
static bool fill_names(lua_State *L, int table, slice *out, size_t count) {
  for (size_t i = 0; i < count; i++, lua_pop(L, 1)) {
    if (compat_rawgeti(L, table, i + 1) != LUA_TSTRING)
      return false;
    out[i] = text_at(L, -1);
  }
  return true;
}

static bool is_plain_or_nil(lua_State *L, int index) {
  return lua_isnil(L, index) || is_plain(L, index);
}

/* Counting may raise, so it comes before the memory for what is counted. */
static bool measure_lists(lua_State *L, sign_request *r) {
  int query = REQUEST_SLOTS + QUERY, headers = REQUEST_SLOTS + HEADERS;
  int names = KEY_SLOTS + NAMES;
  if (!is_plain_or_nil(L, query) || !is_plain_or_nil(L, headers) ||
      !is_plain_or_nil(L, names))
    return false;
  r->query_count = count_entries(L, query, "request.query");
  r->header_count = count_entries(L, headers, "request.headers");
  r->signed_header_count = count_entries(L, names, "request.signed_headers");
  return true;
}

/* All lists in one block; a slice needs no stricter alignment than a pair. */
static bool make_lists(work *w) {
  const sign_request *r = &w->request;
  size_t count = r->query_count + r->header_count + r->signed_header_count;
  w->lists = count <= FEW ? w->few : malloc(count * sizeof *w->lists);
  return w->lists != NULL;
}

static bool fill_lists(lua_State *L, work *w) {
  sign_request *r = &w->request;
  pair *headers = w->lists + r->query_count;
  slice *names = (slice *)(headers + r->header_count);
  r->query = w->lists;
  r->headers = headers;
  /* An empty list is a list all the same, of nothing; NULL asks for the default. */
  r->signed_headers = lua_isnil(L, KEY_SLOTS + NAMES) ? NULL : names;
  return (r->query_count == 0 || fill_query(L, REQUEST_SLOTS + QUERY, r->query)) &&
         (r->header_count == 0 || fill_headers(L, REQUEST_SLOTS + HEADERS, headers)) &&
         fill_names(L, KEY_SLOTS + NAMES, names, r->signed_header_count);
}

static sign_status sign_work(work *w) {
  sign_status status;
  w->signer = signer_new(&w->key, &status);
  return w->signer ? signer_sign(w->signer, &w->request, &w->output) : status;
}

static void end_work(work *w) {
  signer_free(w->signer);
  sign_output_free(&w->output);
  if (w->lists != w->few)
    free(w->lists);
}

static void set_url(lua_State *L, const work *w) {
  luaL_Buffer url;
  slice target = buffer_slice(&w->output.target);
  luaL_buffinit(L, &url);
  luaL_addlstring(&url, w->scheme.data, w->scheme.len);
  luaL_addlstring(&url, "://", 3);
  luaL_addlstring(&url, w->request.host.data, w->request.host.len);
  luaL_addlstring(&url, target.data, target.len);
  luaL_pushresult(&url);
  lua_setfield(L, -2, "url");
}

/* What `finish` is given, as the bytes of a string. */
typedef struct work_pointer {
  const work *work;
} work_pointer;

static int finish(lua_State *L) {
  work_pointer to;
  memcpy(&to, lua_tostring(L, 1), sizeof to);
  lua_sign_push(L, to.work->signer, &to.work->request, &to.work->output);
  set_url(L, to.work);
  return 1;
}

static bool read_tables(lua_State *L, work *w) {
  return read_fields(L, GIVEN, request_fields, REQUEST_FIELDS, REQUEST_SLOTS) &&
         read_fields(L, KEY, key_fields, KEY_FIELDS, KEY_SLOTS) && take_request(L, w) &&
         take_key(L, w) && take_date(L, w) && measure_lists(L, &w->request);
}

static int core_sign_alone(lua_State *L) {
  work w = {.lists = w.few};
  const work_pointer here = {&w};
  luaL_checkstack(L, TOP + MORE, "signing");
  lua_settop(L, KEY);
  lua_pushcfunction(L, finish);
  /* LuaJIT of 2017 takes no pointer above 47 bits, as one to the stack is on arm64. */
  lua_pushlstring(L, (const char *)&here, sizeof here);
  lua_settop(L, TOP);
  if (!read_tables(L, &w))
    return 0;
  if (!make_lists(&w))
    return lua_sign_push_error(L, SIGN_NO_MEMORY);
  sign_output_init(&w.output);
  bool plain = fill_lists(L, &w);
  sign_status status = plain ? sign_work(&w) : SIGN_OK;
  lua_settop(L, TOP);
  lua_pushvalue(L, FINISH);
  lua_pushvalue(L, WORK);
  bool raised = plain && status == SIGN_OK && lua_pcall(L, 1, 1, 0) != 0;
  end_work(&w);
  if (raised)
    return lua_error(L);
  if (status != SIGN_OK)
    return lua_sign_push_error(L, status);
  return plain ? 1 : 0;
}

void lua_sign_alone_open(lua_State *L) {
  lua_pushcfunction(L, core_sign_alone);
  lua_setfield(L, -2, "sign_alone");
}
