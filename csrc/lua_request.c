#include "lua_request.h"
#include "lua_plan.h"

/* The string on top of the stack, which is popped: a table keeps it alive.
 * Numbers are refused: Lua would turn a copy of them into a string that nothing keeps
 * alive. */
static slice pop_string(lua_State *L, const char *what) {
  slice text = {"", 0};
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "%s: expected a string, got a %s", what, luaL_typename(L, -1));
  text.data = lua_tolstring(L, -1, &text.len);
  lua_pop(L, 1);
  return text;
}

static slice string_field(lua_State *L, int table, const char *name) {
  if (compat_rawfield(L, table, name) == LUA_TNIL) {
    lua_pop(L, 1);
    return (slice){"", 0};
  }
  if (lua_type(L, -1) != LUA_TSTRING)
    luaL_error(L, "request.%s: expected a string, got a %s", name, luaL_typename(L, -1));
  return pop_string(L, name);
}

static slice required_field(lua_State *L, int table, const char *name) {
  if (compat_rawfield(L, table, name) == LUA_TNIL)
    luaL_error(L, "request.%s: expected a string, got nil", name);
  lua_pop(L, 1);
  return string_field(L, table, name);
}

static size_t list_length(lua_State *L, int table, const char *what) {
  size_t count = (size_t)lua_rawlen(L, table);
  if (count > REQUEST_MAX_ENTRIES)
    luaL_error(L, "%s: expected at most %d entries", what, (int)REQUEST_MAX_ENTRIES);
  return count;
}

/* Pushes the field if it is a table; else pushes nothing and returns false. */
static int push_table(lua_State *L, int table, const char *name) {
  int type = compat_rawfield(L, table, name);
  if (type == LUA_TNIL) {
    lua_pop(L, 1);
    return 0;
  }
  if (type != LUA_TTABLE)
    luaL_error(L, "request.%s: expected a table, got a %s", name, luaL_typename(L, -1));
  return 1;
}

static void fill_query(lua_State *L, int table, const char *what, pair *pairs,
                       size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (compat_rawgeti(L, table, i + 1) != LUA_TTABLE)
      luaL_error(L, "%s[%d]: expected a { name, value } pair, got a %s", what, (int)i + 1,
                 luaL_typename(L, -1));
    compat_rawgeti(L, -1, 1);
    pairs[i].name = pop_string(L, "the name of a query pair");
    pairs[i].value = (slice){"", 0};
    if (compat_rawgeti(L, -1, 2) == LUA_TNIL)
      lua_pop(L, 1);
    else
      pairs[i].value = pop_string(L, "the value of a query pair");
    lua_pop(L, 1);
  }
}

static size_t count_headers(lua_State *L, int table) {
  size_t count = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
    if (++count > REQUEST_MAX_ENTRIES)
      luaL_error(L, "request.headers: expected at most %d entries",
                 (int)REQUEST_MAX_ENTRIES);
  return count;
}

/* Making the arrays may have run a finaliser, and that may have changed the table. */
static void fill_headers(lua_State *L, int table, pair *pairs, size_t count) {
  static const char changed[] = "request.headers: changed while it was read";
  size_t i = 0;
  for (lua_pushnil(L); lua_next(L, table) != 0; i++) {
    if (i == count)
      luaL_error(L, "%s", changed);
    if (lua_type(L, -2) != LUA_TSTRING)
      luaL_error(L, "request.headers: expected a string as a name, got a %s",
                 luaL_typename(L, -2));
    pairs[i].name.data = lua_tolstring(L, -2, &pairs[i].name.len);
    if (lua_type(L, -1) != LUA_TSTRING)
      luaL_error(L, "request.headers: %s: expected a string, got a %s",
                 pairs[i].name.data, luaL_typename(L, -1));
    pairs[i].value = pop_string(L, "the value of a header");
  }
  if (i < count)
    luaL_error(L, "%s", changed);
}

static void fill_names(lua_State *L, int table, slice *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    compat_rawgeti(L, table, i + 1);
    names[i] = pop_string(L, "an entry of request.signed_headers");
  }
}

/* One block for all arrays, pairs first: a slice needs no stricter alignment. */
typedef struct arrays {
  pair *query, *headers;
  slice *names;
} arrays;

static arrays push_arrays(lua_State *L, const sign_request *r) {
  size_t pairs = r->query_count + r->header_count;
  char *block =
      lua_newuserdata(L, pairs * sizeof(pair) + r->signed_header_count * sizeof(slice));
  pair *first = (pair *)(void *)block;
  return (arrays){first, first + r->query_count,
                  (slice *)(void *)(block + pairs * sizeof(pair))};
}

/* What is read of a request: that which a plan has, or the rest, or both. */
enum { HEAD = 1, REST = 2 };

/* The three tables stand side by side on the stack, nil where there is none. */
static int push_parts(lua_State *L, int table, int parts, sign_request *r) {
  int base = lua_gettop(L);
  if (!(parts & REST) || !push_table(L, table, "query"))
    lua_pushnil(L);
  else
    r->query_count = list_length(L, base + 1, "request.query");
  if (!(parts & HEAD) || !push_table(L, table, "headers"))
    lua_pushnil(L);
  else
    r->header_count = count_headers(L, base + 2);
  if (parts != (HEAD | REST) || !push_table(L, table, "signed_headers"))
    lua_pushnil(L);
  else
    r->signed_header_count = list_length(L, base + 3, "request.signed_headers");
  return base + 1;
}

static void check_arrays(lua_State *L, int table, int parts, sign_request *r) {
  int query = push_parts(L, table, parts, r), headers = query + 1, names = query + 2;
  arrays a = push_arrays(L, r);
  if (r->query_count > 0)
    fill_query(L, query, "request.query", a.query, r->query_count);
  if (r->header_count > 0)
    fill_headers(L, headers, a.headers, r->header_count);
  if (r->signed_header_count > 0)
    fill_names(L, names, a.names, r->signed_header_count);
  r->query = a.query;
  r->headers = a.headers;
  /* An empty list is a list all the same, of nothing; NULL asks for the default. */
  r->signed_headers = lua_isnil(L, names) ? NULL : a.names;
  lua_replace(L, query);
  lua_settop(L, query);
}

static void check_parts(lua_State *L, int index, int parts, sign_request *request) {
  int table = lua_absindex(L, index);
  luaL_checktype(L, table, LUA_TTABLE);
  luaL_checkstack(L, 12, "reading a request");
  *request = (sign_request){0};
  if (parts & HEAD) {
    request->method = required_field(L, table, "method");
    request->host = required_field(L, table, "host");
    if (request->method.len == 0 || request->host.len == 0)
      luaL_error(L, "request.%s: expected a non-empty string",
                 request->method.len == 0 ? "method" : "host");
  }
  if (parts & REST) {
    request->path = required_field(L, table, "path");
    request->body = string_field(L, table, "body");
    request->date = string_field(L, table, "date");
  }
  check_arrays(L, table, parts, request);
}

void request_check(lua_State *L, int index, sign_request *request) {
  luaL_checktype(L, index, LUA_TTABLE);
  const lua_plan *plan = lua_plan_field(L, index);
  check_parts(L, index, plan ? REST : HEAD | REST, request);
  if (!plan)
    return;
  request->method = plan->request.method;
  request->host = plan->request.host;
  request->headers = plan->request.headers;
  request->header_count = plan->request.header_count;
}

void request_check_head(lua_State *L, int index, sign_request *request) {
  check_parts(L, index, HEAD, request);
}

pair *request_check_query(lua_State *L, int index, const char *what, size_t *count) {
  int table = lua_absindex(L, index);
  luaL_checktype(L, table, LUA_TTABLE);
  luaL_checkstack(L, 8, "reading a query");
  *count = list_length(L, table, what);
  pair *pairs = lua_newuserdata(L, *count * sizeof *pairs + 1);
  fill_query(L, table, what, pairs, *count);
  return pairs;
}
