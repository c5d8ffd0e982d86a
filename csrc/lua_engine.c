#include "lua_engine.h"
#include "lua_events.h"
#include "lua_transfer.h"
#include "lua_values.h"
#include <limits.h>

static const char engine_class[] = "aom.engine";

lua_engine *lua_engine_object(lua_State *L) {
  return luaL_checkudata(L, 1, engine_class);
}

engine *lua_engine_check(lua_State *L) {
  lua_engine *self = lua_engine_object(L);
  return self->closed ? NULL : self->engine;
}

static const char *const text_names[ENGINE_TEXTS] = {
    [ENGINE_CA_FILE] = "ca_file",       [ENGINE_CLIENT_CERT] = "client_cert",
    [ENGINE_CLIENT_KEY] = "client_key", [ENGINE_CA_PATH] = "ca_path",
    [ENGINE_CA_PEM] = "ca_pem",         [ENGINE_KEY_PASSWORD] = "client_key_password",
    [ENGINE_PROXY] = "proxy",
};

/* Leaves the value on the stack, which keeps the text alive. */
static slice push_text_option(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  return lua_isnil(L, -1) ? (slice){NULL, 0} : check_slice(L, -1);
}

static size_t size_option(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  lua_Number value = luaL_checknumber(L, -1);
  lua_pop(L, 1);
  luaL_argcheck(L, value >= 1 && value <= (lua_Number)INT_MAX, 1, name);
  return (size_t)value;
}

static int l_engine(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  engine_options options = {
      .user_agent = push_text_option(L, "user_agent").data,
      .insecure = flag_field(L, 1, "insecure"),
      .max_body = size_option(L, "max_body"),
      .max_head = size_option(L, "max_head"),
  };
  for (size_t i = 0; i < ENGINE_TEXTS; i++)
    options.texts[i] = push_text_option(L, text_names[i]);
  lua_engine *self = compat_new_object(L, engine_class, sizeof *self);
  sign_output_init(&self->signed_request);
  self->engine = engine_new(&options);
  if (self->engine)
    return 1;
  lua_pushnil(L);
  lua_pushliteral(L, "it could not be initialised, or memory is short");
  return 2;
}

static void destroy_engine(lua_engine *self) {
  engine_free(self->engine);
  sign_clear_errors();
  self->engine = NULL;
  sign_output_free(&self->signed_request);
}

void lua_engine_hold(lua_engine *self) { self->holders++; }

void lua_engine_let_go(lua_engine *self) {
  if (--self->holders == 0 && self->closed)
    destroy_engine(self);
}

static int engine_close(lua_State *L) {
  lua_engine *self = lua_engine_object(L);
  self->closed = true;
  if (self->holders == 0)
    destroy_engine(self);
  return 0;
}

/* When the state closes finalisers of others may still come here afterwards. */
static int engine_gc(lua_State *L) {
  lua_engine *self = lua_engine_object(L);
  self->closed = true;
  destroy_engine(self);
  return 0;
}

static const luaL_Reg methods[] = {{"start", lua_transfer_start},
                                   {"poll", lua_transfer_poll},
                                   {"wait", lua_transfer_wait},
                                   {"finished", lua_transfer_finished},
                                   {"collect", lua_transfer_collect},
                                   {"cancel", lua_transfer_cancel},
                                   {"is_sent", lua_transfer_is_sent},
                                   {"running", lua_transfer_running},
                                   {"watch", lua_events_watch},
                                   {"wish", lua_events_wish},
                                   {"timer", lua_events_timer},
                                   {"close", engine_close},
                                   {"on_timeout", lua_events_on_timeout},
                                   {"on_socket", lua_events_on_socket},
                                   {NULL, NULL}};

static const luaL_Reg meta[] = {{"__gc", engine_gc}, {NULL, NULL}};

static const luaL_Reg functions[] = {{"engine", l_engine}, {NULL, NULL}};

void lua_engine_open(lua_State *L) {
  compat_new_class(L, engine_class, methods, meta);
  luaL_setfuncs(L, functions, 0);
}
