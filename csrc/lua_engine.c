#include "lua_engine.h"
#include "lua_events.h"
#include "lua_prepared.h"
#include "lua_transfer.h"

static const char engine_class[] = "aom.engine";

lua_engine *lua_engine_object(lua_State *L) {
  return luaL_checkudata(L, 1, engine_class);
}

engine *lua_engine_check(lua_State *L) { return lua_engine_object(L)->engine; }

static int l_engine(lua_State *L) {
  lua_engine *self = compat_new_object(L, engine_class, sizeof *self);
  sign_output_init(&self->signed_request);
  buffer_init(&self->target, SIGN_TEXT_MAX);
  self->engine = engine_new();
  if (self->engine)
    return 1;
  lua_pushnil(L);
  lua_pushliteral(L, "it could not be initialised, or memory is short");
  return 2;
}

static int engine_gc(lua_State *L) {
  lua_engine *self = lua_engine_object(L);
  engine_free(self->engine);
  sign_clear_errors();
  self->engine = NULL;
  sign_output_free(&self->signed_request);
  buffer_free(&self->target);
  return 0;
}

static const luaL_Reg methods[] = {
    {"start", lua_transfer_start},       {"poll", lua_transfer_poll},
    {"wait", lua_transfer_wait},         {"finished", lua_transfer_finished},
    {"collect", lua_transfer_collect},   {"cancel", lua_transfer_cancel},
    {"running", lua_transfer_running},   {"watch", lua_events_watch},
    {"wish", lua_events_wish},           {"timer", lua_events_timer},
    {"is_sent", lua_transfer_is_sent},   {"on_timeout", lua_events_on_timeout},
    {"on_socket", lua_events_on_socket}, {"fetch", lua_transfer_fetch},
    {"prepare", lua_prepared_new},       {NULL, NULL}};

static const luaL_Reg meta[] = {{"__gc", engine_gc}, {NULL, NULL}};

/* core.lacks_descriptors() -> whether hardly any is left */
static int l_lacks_descriptors(lua_State *L) {
  lua_pushboolean(L, engine_fds_are_used_up());
  return 1;
}

static const luaL_Reg functions[] = {
    {"engine", l_engine}, {"lacks_descriptors", l_lacks_descriptors}, {NULL, NULL}};

void lua_engine_open(lua_State *L) {
  compat_new_class(L, engine_class, methods, meta);
  luaL_setfuncs(L, functions, 0);
}
