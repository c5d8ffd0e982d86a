-- Runs a simulated AOM service on this machine, as `aom simulate` does, from a checkout.
--
--     luajit examples/simulator.lua --port 8080
--
-- It prints the variables that let a script reach it. It ends after its lifetime, on SIGTERM,
-- or on Ctrl-C.
--
-- Exit status: 0 ended as planned, 2 wrong usage.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/../lua/?.lua;" .. here .. "/../lua/?/init.lua;" .. package.path

require("aom.simulator.command").main(arg)
