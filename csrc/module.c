/* aom.core: the C half of the library. Opens the bindings and adds what belongs to
 * neither: the monotonic clock, permissions of files, terminals, and the versions. */
#include "compat.h"
#include "lua_engine.h"
#include "lua_file.h"
#include "lua_json.h"
#include "lua_lockout.h"
#include "lua_plan.h"
#include "lua_prepared.h"
#include "lua_scratch.h"
#include "lua_sign.h"
#include "lua_sign_alone.h"
#include "lua_values.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* core.now() -> seconds on a clock that never jumps */
static int l_now(lua_State *L) {
  lua_pushnumber(L, engine_seconds());
  return 1;
}

/* core.file_mode(path) -> permission bits, as 384 for rw------- | nil */
static int l_file_mode(lua_State *L) {
  struct stat info;
  if (stat(luaL_checkstring(L, 1), &info) != 0)
    return 0;
  lua_pushinteger(L, (lua_Integer)(info.st_mode & 0777));
  return 1;
}

/* core.terminal(descriptor) -> columns, 0 if they are not known | nil: it is none */
static int l_terminal(lua_State *L) {
  int descriptor = (int)luaL_checkinteger(L, 1);
  struct winsize size;
  if (!isatty(descriptor))
    return 0;
  lua_pushinteger(L, ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0);
  return 1;
}

/* core.guard_output(), for programs: a write to a pipe that nobody reads fails, and ends
 * no work that has begun; and no socket or file takes the place of a standard descriptor
 * that is closed, where it would be sent the output. */
static int l_guard_output(lua_State *L) {
  int descriptor;
  (void)L;
  (void)signal(SIGPIPE, SIG_IGN);
  do
    descriptor = open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0)
    (void)close(descriptor);
  return 0;
}

/* core.versions() -> { curl_built, curl_running, openssl_built, … } */
static int l_versions(lua_State *L) {
  engine_versions curl;
  engine_get_versions(&curl);
  lua_createtable(L, 0, 8);
  set_string_field(L, "curl_built", curl.built);
  set_string_field(L, "curl_running", curl.running);
  set_string_field(L, "openssl_built", sign_openssl_built());
  set_string_field(L, "openssl_running", sign_openssl_running());
  set_string_field(L, "tls", curl.tls ? curl.tls : "none");
  lua_pushboolean(L, curl.http2);
  lua_setfield(L, -2, "http2");
  return 1;
}

/* core.authorities() -> the file and the folder that libcurl trusts; nil where not known
 */
static int l_authorities(lua_State *L) {
  const char *file, *folder;
  engine_get_authorities(&file, &folder);
  lua_pushstring(L, file);
  lua_pushstring(L, folder);
  return 2;
}

/* The library that holds this address is never unloaded from now on. */
static void keep_loaded(const void *address) {
#ifdef RTLD_NODELETE
  Dl_info library;
  if (dladdr(address, &library) != 0 && library.dli_fname)
    (void)dlopen(library.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
#else
  (void)address;
#endif
}

/* core.keep_loaded(function): nothing happens for one that is not of C
 *
 * When Lua 5.1 or LuaJIT closes its state, it unloads the C modules that were loaded last
 * first, and then runs the finalisers of objects that are older. */
static int l_keep_loaded(lua_State *L) {
  lua_CFunction function = lua_tocfunction(L, 1);
  if (function)
    keep_loaded((const void *)(uintptr_t)function);
  return 0;
}

static const luaL_Reg functions[] = {{"now", l_now},
                                     {"versions", l_versions},
                                     {"authorities", l_authorities},
                                     {"file_mode", l_file_mode},
                                     {"keep_loaded", l_keep_loaded},
                                     {"terminal", l_terminal},
                                     {"guard_output", l_guard_output},
                                     {NULL, NULL}};

__attribute__((visibility("default"))) int luaopen_aom_core(lua_State *L);

int luaopen_aom_core(lua_State *L) {
  compat_check_version(L);
  /* OpenSSL's objects, fetched once, and the handler of forks stay for the life of the
   * process, so this module must stay, too. */
  static const char here = 0;
  keep_loaded(&here);
  lua_createtable(L, 0, 8);
  luaL_setfuncs(L, functions, 0);
  lua_scratch_open(L);
  lua_sign_open(L);
  lua_sign_alone_open(L);
  lua_engine_open(L);
  lua_plan_open(L);
  lua_prepared_open(L);
  lua_file_open(L);
  lua_json_open(L);
  lua_lockout_open(L);
  return 1;
}
