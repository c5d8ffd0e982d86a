/* Lets memory run short: preloaded, and a module for Lua that says when and for whom.
 *
 *   short.arm(who, count, length)
 *     after `count` more allocations of `who`, `length` fail: "core" (called by this
 *     library's C), "lua" (Lua's allocator) or "process" (malloc, whoever calls it)
 *
 *   short.disarm() -> how many failed
 *
 *   short.blocks() -> how many blocks each place in the code has allocated
 *
 *   short.limit(seconds)
 *     what takes longer ends the process as a crash does
 *
 * A crash prints "CRASH", the signal's number (0: a call of exit) and the call stack. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <lauxlib.h>
#include <link.h>
#include <lua.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The names under which glibc keeps its own. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

typedef enum { NOBODY, CORE, LUA, PROCESS } party;

static party armed;
static long left, to_fail, failed;
static uintptr_t core_start, core_end;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_core(const void *caller) {
  return (uintptr_t)caller >= core_start && (uintptr_t)caller < core_end;
}

static bool fails(void) {
  pthread_mutex_lock(&lock);
  bool result = left <= 0 && to_fail > 0;
  left--;
  if (result) {
    to_fail--;
    failed++;
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static bool malloc_fails(const void *caller) {
  bool result = (armed == PROCESS || (armed == CORE && is_core(caller))) && fails();
  if (result)
    errno = ENOMEM;
  return result;
}

/* --- who has which block ----------------------------------------------------------- */

enum { SLOTS = 1 << 16 };

static struct {
  uintptr_t block;
  const void *caller;
} table[SLOTS];
static long blocks;
static _Thread_local bool is_luas; /* whose blocks are not noted */

static size_t home(uintptr_t block) {
  return (size_t)((block >> 4) * 0x9E3779B97F4A7C15u >> 48) & (SLOTS - 1);
}

static size_t find(uintptr_t block) {
  size_t i = home(block);
  while (table[i].block != 0 && table[i].block != block)
    i = (i + 1) & (SLOTS - 1);
  return i;
}

/* Those behind move up, so that a search may end at the first empty slot. */
static void vacate(size_t hole) {
  table[hole].block = 0;
  for (size_t i = (hole + 1) & (SLOTS - 1); table[i].block != 0;
       i = (i + 1) & (SLOTS - 1)) {
    size_t wanted = home(table[i].block);
    if (((i - wanted) & (SLOTS - 1)) >= ((i - hole) & (SLOTS - 1))) {
      table[hole] = table[i];
      table[i].block = 0;
      hole = i;
    }
  }
}

static void *note(void *block, const void *caller) {
  if (!block || is_luas)
    return block;
  pthread_mutex_lock(&lock);
  size_t i = find((uintptr_t)block);
  if (blocks < SLOTS / 2 && table[i].block == 0) {
    table[i].block = (uintptr_t)block;
    table[i].caller = caller;
    blocks++;
  }
  pthread_mutex_unlock(&lock);
  return block;
}

static void forget(void *block) {
  if (!block)
    return;
  pthread_mutex_lock(&lock);
  size_t i = find((uintptr_t)block);
  if (table[i].block != 0) {
    vacate(i);
    blocks--;
  }
  pthread_mutex_unlock(&lock);
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size) {
  return malloc_fails(CALLER) ? NULL : note(__libc_malloc(size), CALLER);
}

void *calloc(size_t count, size_t size) {
  return malloc_fails(CALLER) ? NULL : note(__libc_calloc(count, size), CALLER);
}

/* Lua relies on it that a block can always be made smaller. */
void *realloc(void *block, size_t size) {
  if (size > malloc_usable_size(block) && malloc_fails(CALLER))
    return NULL;
  /* Forgotten first: another thread may get its address as soon as it is free. */
  forget(block);
  void *moved = __libc_realloc(block, size);
  note(moved || size == 0 ? moved : block, CALLER);
  return moved;
}

void free(void *block) {
  forget(block);
  __libc_free(block);
}

/* --- the module -------------------------------------------------------------------- */

static lua_Alloc real;
static void *real_data;

static void *lua_allocate(void *data, void *block, size_t old_size, size_t new_size) {
  (void)data;
  bool grows = new_size > 0 && (!block || new_size > old_size);
  if (armed == LUA && grows && fails())
    return NULL;
  is_luas = true;
  void *result = real(real_data, block, old_size, new_size);
  is_luas = false;
  return result;
}

static int find_core(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  size_t len = strlen(info->dlpi_name);
  if (len < 11 || strcmp(info->dlpi_name + len - 11, "aom/core.so") != 0)
    return 0;
  core_start = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    uintptr_t end =
        info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    core_end = end > core_end ? end : core_end;
  }
  return 1;
}

static int l_arm(lua_State *L) {
  static const char *const names[] = {
      [CORE - 1] = "core", [LUA - 1] = "lua", [PROCESS - 1] = "process", NULL};
  party who = (party)(luaL_checkoption(L, 1, NULL, names) + 1);
  left = (long)luaL_checknumber(L, 2);
  to_fail = (long)luaL_checknumber(L, 3);
  failed = 0;
  if (core_end == 0)
    dl_iterate_phdr(find_core, NULL);
  armed = who;
  return 0;
}

static int l_disarm(lua_State *L) {
  armed = NOBODY;
  lua_pushnumber(L, (lua_Number)failed);
  return 1;
}

/* One entry a place, "core.so+1234". */
static void count_block(lua_State *L, const void *caller) {
  Dl_info info = {0};
  (void)dladdr(caller, &info);
  const char *path = info.dli_fname ? info.dli_fname : "?";
  const char *slash = strrchr(path, '/');
  lua_pushfstring(L, "%s+%d", slash ? slash + 1 : path,
                  (int)((uintptr_t)caller - (uintptr_t)info.dli_fbase));
  lua_pushvalue(L, -1);
  lua_rawget(L, -3);
  lua_Number count = lua_tonumber(L, -1);
  lua_pop(L, 1);
  lua_pushnumber(L, count + 1);
  lua_rawset(L, -3);
}

/* What this allocates itself may or may not be counted. */
static int l_blocks(lua_State *L) {
  lua_newtable(L);
  for (size_t i = 0; i < SLOTS; i++)
    if (table[i].block != 0)
      count_block(L, table[i].caller);
  return 1;
}

static int l_limit(lua_State *L) {
  alarm((unsigned)luaL_checknumber(L, 1));
  return 0;
}

static void on_crash(int number) {
  static void *stack[64];
  char line[] = "CRASH 00\n";
  line[6] = (char)('0' + number / 10);
  line[7] = (char)('0' + number % 10);
  armed = NOBODY;
  (void)!write(STDOUT_FILENO, line, sizeof line - 1);
  backtrace_symbols_fd(stack, backtrace(stack, 64), STDOUT_FILENO);
  _exit(97);
}

/* A library that ends the process where memory is short shows by whose doing. */
void exit(int status) {
  if (armed != NOBODY)
    on_crash(0);
  void (*real_exit)(int);
  *(void **)&real_exit = dlsym(RTLD_NEXT, "exit");
  real_exit(status);
  abort();
}

__attribute__((visibility("default"))) int luaopen_short(lua_State *L);

int luaopen_short(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"arm", l_arm}, {"disarm", l_disarm}, {"blocks", l_blocks}, {"limit", l_limit}};
  static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM};
  void *first[1];
  backtrace(first, 1); /* loads what it needs */
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    signal(signals[i], on_crash);
  real = lua_getallocf(L, &real_data);
  lua_setallocf(L, lua_allocate, NULL);
  lua_newtable(L);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    lua_pushcfunction(L, functions[i].func);
    lua_setfield(L, -2, functions[i].name);
  }
  return 1;
}
