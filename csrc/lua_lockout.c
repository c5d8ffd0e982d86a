#include "lua_lockout.h"
#include "lockout.h"
#include "lua_values.h"

static const char *const states[] = {
    [LOCKOUT_NEW] = "new",   [LOCKOUT_OPEN] = "open",       [LOCKOUT_TRIAL] = "trial",
    [LOCKOUT_BUSY] = "busy", [LOCKOUT_BLOCKED] = "blocked", [LOCKOUT_UNABLE] = "unable",
};

static const char *const evidence[] = {[LOCKOUT_DOUBTFUL] = "doubtful",
                                       [LOCKOUT_CERTAIN] = "certain",
                                       [LOCKOUT_LOCKED] = "locked",
                                       [LOCKOUT_LOCKED + 1] = NULL};

static slice check_name(lua_State *L) {
  slice name = check_slice(L, 1);
  luaL_argcheck(L, name.len > 0 && name.len <= LOCKOUT_NAME_MAX, 1,
                "expected a name of 1 to 64 bytes");
  return name;
}

/* Seconds, as milliseconds that leave room for sums. */
static int64_t check_time(lua_State *L, int index) {
  static const lua_Number limit = 1e15;
  lua_Number seconds = luaL_checknumber(L, index);
  luaL_argcheck(L, seconds == seconds, index, "expected a time in seconds");
  lua_Number ms = seconds * 1000;
  if (ms > limit)
    ms = limit;
  if (ms < -limit)
    ms = -limit;
  return (int64_t)(ms < 0 ? ms - 0.5 : ms + 0.5);
}

/* Tickets are counted from 1, and a number holds more than can ever be given out. */
static uint64_t opt_ticket(lua_State *L, int index) {
  lua_Number ticket = luaL_optnumber(L, index, 0);
  luaL_argcheck(L, ticket >= 0 && ticket < 9e15, index, "expected a ticket");
  return (uint64_t)ticket;
}

/* state, ticket or nil, note or nil */
static int push_answer(lua_State *L, const lockout_answer *answer) {
  lua_pushstring(L, states[answer->state]);
  if (answer->ticket != 0)
    lua_pushnumber(L, (lua_Number)answer->ticket);
  else
    lua_pushnil(L);
  if (answer->note_len > 0)
    lua_pushlstring(L, answer->note, answer->note_len);
  else
    lua_pushnil(L);
  return 3;
}

/* lockout.look(name, now) -> "new" | "open" | "blocked" | "unable", nil, note */
static int l_look(lua_State *L) {
  lockout_answer answer;
  lockout_look(check_name(L), check_time(L, 2), &answer);
  return push_answer(L, &answer);
}

/* lockout.ticket(name) -> ticket, or nil */
static int l_ticket(lua_State *L) {
  uint64_t ticket = lockout_ticket(check_name(L));
  if (ticket == 0)
    return 0;
  lua_pushnumber(L, (lua_Number)ticket);
  return 1;
}

/* lockout.enter(name, now, until, ticket, second)
 *   -> "open" | "trial" | "busy" | "blocked" | "unable", ticket, note */
static int l_enter(lua_State *L) {
  lockout_answer answer;
  lockout_enter(check_name(L), check_time(L, 2), check_time(L, 3), opt_ticket(L, 4),
                lua_toboolean(L, 5), &answer);
  return push_answer(L, &answer);
}

/* lockout.accept(name, now) -> whether it is news */
static int l_accept(lua_State *L) {
  lua_pushboolean(L, lockout_accept(check_name(L), check_time(L, 2)));
  return 1;
}

/* lockout.refuse(name, now, ticket, evidence, note)
 *   -> "open" (not counted) | "new" (counted) | "blocked" | "unable" */
static int l_refuse(lua_State *L) {
  slice name = check_name(L);
  int64_t now = check_time(L, 2);
  uint64_t ticket = opt_ticket(L, 3);
  lockout_evidence kind = (lockout_evidence)luaL_checkoption(L, 4, NULL, evidence);
  slice note = check_slice(L, 5);
  lua_pushstring(L, states[lockout_refuse(name, now, ticket, kind, note)]);
  return 1;
}

/* lockout.release(name, ticket) */
static int l_release(lua_State *L) {
  lockout_release(check_name(L), opt_ticket(L, 2));
  return 0;
}

void lua_lockout_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"look", l_look},     {"enter", l_enter},     {"accept", l_accept},
      {"refuse", l_refuse}, {"release", l_release}, {"ticket", l_ticket},
      {NULL, NULL}};
  lockout_open();
  lua_newtable(L);
  luaL_setfuncs(L, functions, 0);
  lua_setfield(L, -2, "lockout");
}
