--- Runs four Lua states in four threads under ThreadSanitizer, against a simulator.
---
---     luajit spec/sanitize/threads.lua PROGRAM COUNT

local process = require "spec.support.process"

local simulator = process.simulator { ak = "THREADKEY", sk = "thread-secret", workflows = { "wf-1" },
  project = ("0123456789abcdef"):rep(2) }
-- The libraries are not instrumented, and what they do among themselves is not seen.
local suppressions = process.temporary [[
called_from_lib:libcrypto.so
called_from_lib:libssl.so
called_from_lib:libcurl.so
]]
local output, status = process.run(("env TSAN_OPTIONS=suppressions=%s:exitcode=66 %s %s %d 2>&1"):format(suppressions,
  process.quote(arg[1]), simulator.url, tonumber(arg[2])))
simulator.stop()
os.remove(suppressions)
io.write(output)
print(("threads: 4 states, %d signatures and %d calls each, %s"):format(arg[2], 2 * arg[2],
  status == 0 and "no race" or "FAILED"))
os.exit(status == 0)
