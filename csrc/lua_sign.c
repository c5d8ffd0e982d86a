#include "lua_sign.h"
#include "lua_request.h"
#include "lua_scratch.h"
#include "lua_values.h"
#include "mask.h"
#include "sign_head.h"
#include "text.h"
#include "uri.h"

static const char signer_class[] = "aom.signer";
static const char output_class[] = "aom.output";

/* The output stays with the signer, so that signing again needs no new memory. */
struct lua_signer {
  signer *signer; /* owned; NULL before it is made and after its end */
  sign_output output;
  sign_algorithm algorithm;
  bool closed;
  unsigned holders; /* calls that read the signer's memory while Lua allocates */
};

static const char *const status_codes[SIGN_STATUS_COUNT] = {
    [SIGN_OK] = "ok",
    [SIGN_NO_MEMORY] = "memory",
    [SIGN_TOO_LARGE] = "too_large",
    [SIGN_CRYPTO] = "crypto",
    [SIGN_BAD_DATE] = "date",
    [SIGN_DUPLICATE] = "duplicate",
    [SIGN_NOT_GIVEN] = "not_given",
    [SIGN_NO_DATE] = "no_date",
    [SIGN_CONTROL_BYTE] = "control",
    [SIGN_CONFLICT] = "conflict",
    [SIGN_BAD_NAME] = "name",
    [SIGN_BAD_KEY] = "key",
};

int lua_sign_push_error(lua_State *L, sign_status status) {
  lua_pushnil(L);
  lua_pushstring(L, sign_status_text(status));
  lua_pushstring(L, status_codes[status]);
  return 3;
}

static lua_signer *check_live(lua_State *L, int index) {
  lua_signer *self = luaL_checkudata(L, index, signer_class);
  if (self->closed || self->signer == NULL)
    luaL_argerror(L, index, "the signer is closed");
  return self;
}

const lua_signer *lua_sign_object(lua_State *L, int index) {
  return luaL_checkudata(L, index, signer_class);
}

signer *lua_sign_of(const lua_signer *object) {
  return object->closed ? NULL : object->signer;
}

signer *lua_sign_check(lua_State *L, int index) {
  return lua_sign_of(lua_sign_object(L, index));
}

static void destroy_signer(lua_signer *self) {
  if (self->signer == NULL)
    return;
  signer_free(self->signer);
  sign_output_free(&self->output);
  self->signer = NULL;
}

/* Any allocation may run a finaliser, and that may close this very signer (the
 * object that owns it may be garbage already). While it is held, closing only
 * marks it. If an error cuts the call short, the collector destroys it later. */
static void hold_signer(lua_signer *self) { self->holders++; }

static void let_go_signer(lua_signer *self) {
  if (--self->holders == 0 && self->closed)
    destroy_signer(self);
}

static int signer_close(lua_State *L) {
  lua_signer *self = luaL_checkudata(L, 1, signer_class);
  self->closed = true;
  if (self->holders == 0)
    destroy_signer(self);
  return 0;
}

/* When the state closes finalisers of others may still come here afterwards. */
static int signer_gc(lua_State *L) {
  lua_signer *self = luaL_checkudata(L, 1, signer_class);
  self->closed = true;
  destroy_signer(self);
  return 0;
}

static int finish_scratch(lua_State *L, buffer *b, bool complete) {
  return complete ? lua_scratch_finish(L, b) : lua_sign_push_error(L, SIGN_NO_MEMORY);
}

/* Leaves the value on the stack: a table with __index may hold it nowhere else.
 * What stands in a wrong field may be a secret, so errors name its type only. */
static slice text_option(lua_State *L, const char *name) {
  slice text = {"", 0};
  lua_getfield(L, 1, name);
  if (lua_type(L, -1) == LUA_TSTRING)
    text.data = lua_tolstring(L, -1, &text.len);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "credentials.%s: expected a string, got a %s", name,
               luaL_typename(L, -1));
  return text;
}

static slice required_option(lua_State *L, const char *name) {
  slice text = text_option(L, name);
  if (text.len == 0)
    luaL_error(L, "credentials.%s: expected a non-empty string", name);
  return text;
}

static sign_algorithm algorithm_option(lua_State *L) {
  sign_algorithm found = SIGN_HMAC_SHA256;
  slice name = text_option(L, "algorithm");
  if (!lua_isnil(L, -1) && !sign_algorithm_find(name, &found))
    luaL_error(L, "credentials.algorithm: expected a known algorithm");
  return found;
}

static signer_key key_options(lua_State *L) {
  signer_key key = {.ak = required_option(L, "ak"), .sk = required_option(L, "sk")};
  key.security_token = text_option(L, "security_token");
  key.algorithm = algorithm_option(L);
  bool scoped = key.algorithm == SIGN_V11_HMAC_SHA256;
  key.region = scoped ? required_option(L, "region") : text_option(L, "region");
  key.service = scoped ? required_option(L, "service") : text_option(L, "service");
  return key;
}

static int core_signer(lua_State *L) {
  sign_status status;
  luaL_checktype(L, 1, LUA_TTABLE);
  signer_key key = key_options(L);
  lua_signer *self = compat_new_object(L, signer_class, sizeof *self);
  self->algorithm = key.algorithm;
  sign_output_init(&self->output);
  self->signer = signer_new(&key, &status);
  if (self->signer == NULL)
    return lua_sign_push_error(L, status);
  return 1;
}

/* signer:scoped(region, service) -> signer | nil, sentence, code
 *
 * The secret goes from one to the other without passing through Lua. */
static int method_scoped(lua_State *L) {
  sign_status status;
  const lua_signer *from = check_live(L, 1);
  slice region = check_slice(L, 2), service = check_slice(L, 3);
  lua_signer *self = compat_new_object(L, signer_class, sizeof *self);
  self->algorithm = from->algorithm;
  sign_output_init(&self->output);
  /* Making the object may have run a finaliser, and that may have closed the signer. */
  self->signer = signer_new_scoped(check_live(L, 1)->signer, region, service, &status);
  if (self->signer == NULL)
    return lua_sign_push_error(L, status);
  return 1;
}

static int signer_tostring(lua_State *L) {
  const lua_signer *self = luaL_checkudata(L, 1, signer_class);
  lua_pushfstring(L, "%s (%s%s)", signer_class, sign_algorithm_name(self->algorithm),
                  self->closed ? ", closed" : "");
  return 1;
}

static int method_fingerprint(lua_State *L) {
  char text[SIGNER_FINGERPRINT_LEN];
  sign_status status = signer_fingerprint(check_live(L, 1)->signer, text);
  if (status != SIGN_OK)
    return lua_sign_push_error(L, status);
  lua_pushlstring(L, text, sizeof text);
  return 1;
}

/* What cannot be masked must not be shown. */
static int finish_mask(lua_State *L, buffer *masked, bool complete) {
  if (!complete)
    return luaL_error(L, "not enough memory");
  return finish_scratch(L, masked, true);
}

/* Without the secrets none can be found in the text: then all of it is hidden. */
static int method_mask(lua_State *L) {
  slice text = check_slice(L, 2);
  buffer *masked = lua_scratch_push(L);
  const signer *s = lua_sign_check(L, 1);
  return finish_mask(
      L, masked, s ? signer_mask(s, text, masked) : buffer_append_text(masked, "***"));
}

/* core.mask(text, secret, …) -> the text, "***" in place of each secret */
static int core_mask(lua_State *L) {
  slice text = check_slice(L, 1), secrets[MASK_MAX_SECRETS];
  int count = lua_gettop(L) - 1;
  luaL_argcheck(L, count <= MASK_MAX_SECRETS, count + 1, "too many secrets");
  for (int i = 0; i < count; i++)
    secrets[i] = check_slice(L, i + 2);
  buffer *masked = lua_scratch_push(L);
  return finish_mask(L, masked, mask_text(text, secrets, (size_t)count, masked));
}

static int method_ak(lua_State *L) {
  lua_signer *self = check_live(L, 1);
  hold_signer(self);
  push_slice(L, signer_ak(self->signer));
  let_go_signer(self);
  return 1;
}

void lua_sign_push(lua_State *L, const signer *s, const sign_request *request,
                   const sign_output *out) {
  pair added[SIGN_ADDED_HEADERS];
  size_t count = signer_added_headers(s, request, out, added);
  lua_createtable(L, 0, 5);
  push_pairs(L, added, count);
  lua_setfield(L, -2, "headers");
  set_slice_field(L, "canonical_request", buffer_slice(&out->canonical));
  set_slice_field(L, "string_to_sign", buffer_slice(&out->string_to_sign));
  set_slice_field(L, "signed_headers", buffer_slice(&out->signed_headers));
}

/* The signer's own; or, for a finaliser that signs while what the signer made is being
 * pushed, one of this call's. Pushes one value. */
static sign_output *push_output(lua_State *L, lua_signer *self) {
  if (self->holders == 0) {
    lua_pushnil(L);
    return &self->output;
  }
  sign_output *out = compat_new_object(L, output_class, sizeof *out);
  sign_output_init(out);
  return out;
}

static int output_gc(lua_State *L) {
  sign_output_free(luaL_checkudata(L, 1, output_class));
  return 0;
}

static int push_refusal(lua_State *L, const char *text) {
  lua_pushnil(L);
  lua_pushstring(L, text);
  return 2;
}

static int core_sign(lua_State *L) {
  sign_request request;
  lua_signer *self = luaL_checkudata(L, 2, signer_class);
  request_check(L, 1, &request);
  sign_output *out = push_output(L, self);
  signer *s = lua_sign_check(L, 2); /* reading allocated: it may be closed by now */
  if (s == NULL)
    return push_refusal(L, "the signer is closed");
  sign_status status = signer_sign(s, &request, out);
  if (status != SIGN_OK)
    return lua_sign_push_error(L, status);
  hold_signer(self);
  lua_sign_push(L, self->signer, &request, out);
  set_slice_field(L, "target", buffer_slice(&out->target));
  let_go_signer(self);
  return 1;
}

/* A signer refuses others; without one nothing else does. */
static bool has_clean_lines(const sign_request *request) {
  bool clean = text_is_field_value(request->host);
  for (size_t i = 0; i < request->header_count; i++)
    clean = clean && !text_has_control(request->headers[i].name) &&
            text_is_field_value(request->headers[i].value);
  return clean;
}

/* core.head(attempt) -> its target, version and headers, as HTTP/1.1 wants them after the
 * method; without the empty line | nil, sentence, code */
static int core_head(lua_State *L) {
  sign_request request;
  request_check(L, 1, &request);
  buffer *text = lua_scratch_push(L), *plain = lua_scratch_push(L);
  lua_getfield(L, 1, "signer");
  if (!lua_toboolean(L, -1)) {
    if (!has_clean_lines(&request))
      return push_refusal(L, "a header contains control characters");
    if (!uri_append_target(plain, request.path, request.query, request.query_count))
      return lua_sign_push_error(L, SIGN_NO_MEMORY);
    return finish_scratch(L, text, sign_head_append(text, buffer_slice(plain), &request));
  }
  int index = lua_gettop(L);
  sign_output *out = push_output(L, luaL_checkudata(L, index, signer_class));
  signer *s = lua_sign_check(L, index); /* it may be closed by now */
  if (s == NULL)
    return push_refusal(L, "the signer is closed");
  sign_status status = sign_head_write(s, &request, out, text);
  return status == SIGN_OK ? lua_scratch_finish(L, text) : lua_sign_push_error(L, status);
}

static int core_target(lua_State *L) {
  size_t count = 0;
  pair *query = NULL;
  slice path = check_slice(L, 1);
  if (!lua_isnoneornil(L, 2))
    query = request_check_query(L, 2, "query", &count);
  buffer *target = lua_scratch_push(L);
  return finish_scratch(L, target, uri_append_target(target, path, query, count));
}

static int core_is_unreserved(lua_State *L) {
  lua_pushboolean(L, uri_is_unreserved(check_slice(L, 1)));
  return 1;
}

static int core_random(lua_State *L) {
  double number = sign_random();
  if (number < 0)
    return lua_sign_push_error(L, SIGN_CRYPTO);
  lua_pushnumber(L, number);
  return 1;
}

static void open_classes(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"fingerprint", method_fingerprint}, {"mask", method_mask},   {"ak", method_ak},
      {"scoped", method_scoped},           {"close", signer_close}, {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__gc", signer_gc}, {"__tostring", signer_tostring}, {NULL, NULL}};
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg output_meta[] = {{"__gc", output_gc}, {NULL, NULL}};
  compat_new_class(L, signer_class, methods, meta);
  compat_new_class(L, output_class, none, output_meta);
}

void lua_sign_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"signer", core_signer},
                                       {"sign", core_sign},
                                       {"head", core_head},
                                       {"target", core_target},
                                       {"is_unreserved", core_is_unreserved},
                                       {"random", core_random},
                                       {"mask", core_mask},
                                       {NULL, NULL}};
  open_classes(L);
  luaL_setfuncs(L, functions, 0);
}
