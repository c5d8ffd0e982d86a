-- What Lua 5.1 to 5.4 and LuaJIT have in common, and the few names that code
-- may look for before it falls back on something else.
std = "min"
read_globals = {
  "jit",
  "unpack",
  "setfenv",
  table = { fields = { "unpack", "pack", "move" } },
  math = { fields = { "type", "tointeger", "maxinteger", "mininteger" } },
  coroutine = { fields = { "isyieldable", "close" } },
  debug = { fields = { "upvaluejoin", "upvalueid" } },
  package = { fields = { "searchpath", "searchers" } },
}
max_line_length = 120
exclude_files = { "build" }

-- The environment and files are read in one place, and only a loop knows its host.
local files_and_variables = { os = { fields = { "getenv" } }, io = { fields = { "open" } } }
files["lua"] = { not_globals = { "os.getenv", "io.open" } }
files["lua/aom/loop"] = { read_globals = { "ngx", "vim" } }
files["lua/aom/health.lua"] = { read_globals = { "vim" } }
files["lua/aom/util/platform.lua"] = { read_globals = { os = files_and_variables.os, io = files_and_variables.io } }
files["lua/aom/simulator"] = { read_globals = files_and_variables }
files["examples"] = { globals = { "ngx", "vim" } }
files["lua/aom/types"] = { unused_args = false, unused = false, max_line_length = false }
files["spec/lint/mistakes.lua"] = { unused = false }
files["spec"] = { std = "min+busted", read_globals = { "ngx", "vim" } }
files["spec/soak/server.lua"] = { globals = { "ngx" } }
files[".busted"] = { std = "max" }
