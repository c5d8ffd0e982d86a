--- Why the specs do not run some lines under Lua 5.4: a reason, and the functions, by file, that it holds for.

local reasons = {}

--- Files that other hosts run, whose specs look at them from outside.
reasons.elsewhere = {
  ["lua/aom/loop/nginx.lua"] = "nginx", ["lua/aom/loop/nginx_curl.lua"] = "nginx",
  ["lua/aom/loop/nginx_resty.lua"] = "nginx", ["lua/aom/loop/nginx_trust.lua"] = "nginx",
  ["lua/aom/credentials/shared_dict.lua"] = "nginx", ["lua/aom/health.lua"] = "Neovim",
  ["lua/aom/types/"] = "nobody: types", ["lua/aom/simulator/"] = "the simulator",
}

local groups = {
  { "memory is short where make torture lets it be so, or in libcurl and OpenSSL", {
    ["csrc/buffer.c"] = "buffer_text", ["csrc/engine.c"] = "engine_new, add_slot, engine_start, engine_break",
    ["csrc/engine_answer.c"] = "keep_header, extend_header, transfer_on_header",
    ["csrc/engine_deadline.c"] = "stop_sharing", ["csrc/engine_fds.c"] = "grow_opened, on_open, note_waker",
    ["csrc/engine_pool.c"] = "open_multi, copy_settings, new_pool",
    ["csrc/engine_transfer.c"] = "ensure_easy, parse_base, transfer_free",
    ["csrc/engine_headers.c"] = "reserve_nodes",
    ["csrc/engine_watch.c"] = "grow_sockets, add_socket, on_socket, act_on_socket",
    ["csrc/lua_engine.c"] = "l_engine", ["csrc/lua_prepared.c"] = "write_target",
    ["csrc/lua_sign_alone.c"] = "core_sign_alone", ["csrc/mask.c"] = "mark_layer",
    ["csrc/sign_canonical.c"] = "payload_line", ["csrc/sign_headers.c"] = "reserve_items",
    ["csrc/uri.c"] = "uri_append_path, uri_append_query", ["lua/aom/credentials/lockout.lua"] = "ask",
  } },
  { "OpenSSL fails, or has no randomness", {
    ["csrc/engine_tls.c"] = "engine_tls_is_shared", ["csrc/lua_sign.c"] = "core_random",
    ["csrc/sign_canonical.c"] = "canonical_write", ["csrc/sign_digest.c"] = "sign_random",
  } },
  { "a forked child or a killed process runs it, and notes no lines", {
    ["csrc/engine.c"] = "count_fork, abandon_parent, engine_enter", ["csrc/engine_fds.c"] = "engine_fds_abandon",
    ["csrc/engine_watch.c"] = "engine_watch_leave", ["csrc/file_lock.c"] = "drop_all_locks, end_fork, take_out, "
      .. "find_held",
    ["csrc/lockout.c"] = "take_over, renew_fallback, repair_memory, lock_memory",
    ["lua/aom/cli/commands/run.lua"] = "run.interrupted", ["lua/aom/cli/init.lua"] = "report",
    ["lua/aom/cli/commands/simulate.lua"] = "run",
  } },
  { "the system fails, or another process changes a file in between", {
    ["csrc/engine.c"] = "engine_start", ["csrc/file.c"] = "claim_new, open_new, sync_directory",
    ["csrc/file_lock.c"] = "open_and_lock_table", ["csrc/file_read.c"] = "await_bytes, read_open",
    ["csrc/file_spare.c"] = "open_one",
    ["csrc/lockout.c"] = "init_lock, map_shared, make_memory, lockout_look, lockout_ticket, lockout_enter, "
      .. "lockout_accept, lockout_refuse, lockout_release",
    ["csrc/lua_lockout.c"] = "l_ticket",
    ["csrc/lua_transfer.c"] = "start_failure", ["csrc/module.c"] = "l_file_mode",
    ["lua/aom/credentials/providers/id_token.lua"] = "id_token.read_secret",
  } },
  { "this version of libcurl or OpenSSL does not do so", {
    ["csrc/engine.c"] = "engine_drain, engine_get_authorities", ["csrc/engine_http2.c"] = "port_of, silence_of",
    ["csrc/engine_outcome.c"] = "is_broken_off, outcome_of_code, waited_for",
    ["lua/aom/client/checks.lua"] = "checks.authorities",
    ["csrc/engine_tls_fault.c"] = "fault_of_certificate, engine_tls_fault",
  } },
  { "the Lua above has checked it, or a finaliser would have to change it in between", {
    ["csrc/lua_request.c"] = "fill_headers", ["csrc/lua_sign.c"] = "push_output, output_gc",
    ["csrc/lua_sign_alone.c"] = "find_field, take_date",
    ["csrc/mask_escape.c"] = "read_backslash", ["csrc/sign_signer.c"] = "is_usable_key",
    ["csrc/text.c"] = "text_trim",
  } },
  { "other Luas run it", {
    ["lua/aom/loop/is_ending.lua"] = "the file", ["lua/aom/loop/uv_handles.lua"] = "finalised",
    ["lua/aom/util/native.lua"] = "native.fail", ["lua/aom/util/host.lua"] = "protect",
    ["lua/aom/util/report.lua"] = "is_caught",
  } },
  { "nginx or Neovim runs it", {
    ["lua/aom/loop/select.lua"] = "select_loop.loop", ["lua/aom/loop/uv.lua"] = "neovim, report, UvLoop:enter, wake",
    ["lua/aom/util/report.lua"] = "report.hidden, report.warn, report.record",
  } },
  { "another call, thread or process has to come in between", {
    ["csrc/file_spare.c"] = "file_spare_keep, file_spare_spend",
    ["lua/aom/client/window/pause.lua"] = "still_on", ["lua/aom/client/window/resume.lua"] = "wait",
    ["lua/aom/credentials/lockout.lua"] = "await_turn", ["lua/aom/http/advice.lua"] = "hint",
    ["lua/aom/loop/engine_waits.lua"] = "waits:block", ["lua/aom/http/outage_waits.lua"] = "waits:pass",
  } },
  { "the compiler gives the end of a table or a loop a line of its own", {
    ["lua/aom/client/paginator.lua"] = "Walk:next",
    ["lua/aom/credentials/providers/environment.lua"] = "environment.new",
  } },
  { "it runs while the Lua state closes, when no lines are noted any more", {
    ["lua/aom/loop/uv.lua"] = "UvLoop:count_stalled", ["lua/aom/loop/uv_handles.lua"] = "tell_of_lost, end_all",
    ["lua/aom/loop/scheduler.lua"] = "drop_dead, Scheduler:count",
  } },
}

--- By file and function; a function may have several.
---@type table<string, table<string, string>>
reasons.functions = {}

for _, group in ipairs(groups) do
  for path, names in pairs(group[2]) do
    local known = reasons.functions[path] or {}
    reasons.functions[path] = known
    for name in names:gmatch "[^, ][^,]*" do
      known[name] = known[name] and known[name] .. "; " .. group[1] or group[1]
    end
  end
end

return reasons
