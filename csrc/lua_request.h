/* Reads the Lua table that describes one request into the core's structs. Both
 * bindings use it: signing for users, and starting a transfer.
 *
 * The table's fields: method, host, path (decoded), query (list of
 * {name, value}), headers (name = value), body, date, signed_headers (list).
 * Only method, host and path must be there. An attempt with a plan has method, host and
 * headers from that: see lua_plan.h. */
#ifndef AOM_LUA_REQUEST_H
#define AOM_LUA_REQUEST_H

#include "compat.h"
#include "sign.h"

#pragma GCC visibility push(hidden)

/* Of each list. Far more than a request can use; a bound keeps sizes from overflowing,
 * and a list with holes can claim any length. */
enum { REQUEST_MAX_ENTRIES = 65536 };

/* Fills `request` from the table at `index`. The slices point into strings that
 * the table holds, so they live as long as the table does and no Lua code runs.
 * The arrays are a userdata pushed on the stack: exactly one value is pushed.
 * Raises a Lua error that names the field when it has the wrong type. */
void request_check(lua_State *L, int index, sign_request *request);

/* The same for method, host and headers alone. */
void request_check_head(lua_State *L, int index, sign_request *request);

/* Reads a list of {name, value} in the same way; `what` is its name in errors. Pushes one
 * value. A value that is nil counts as empty. */
pair *request_check_query(lua_State *L, int index, const char *what, size_t *count);

#pragma GCC visibility pop

#endif
