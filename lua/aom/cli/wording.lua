--- The library's messages in the words of the command: they name options of Lua, where a user of
--- the command writes options of the command line, sets variables, or cannot do it at all.

local errors = require "aom.util.errors"

local wording = {}

-- What a pattern matches, and what is said instead; in this order.
---@type { [1]: string, [2]: string|table<string, string> }[]
local rows = {
  { "%f[%l]option endpoint, ", "" },
  { "%f[%l]options [%l_, ]+ %(none is set%); ", "" },
  { "%f[%l]option iam_endpoint or (%u[%u_]+) to", "%1 to" },
  { "%f[%l]option iam_endpoint to", "iam_endpoint in the profile to" },
  { "%f[%l]option metadata = true, or ", "" },
  { ", or set option allow_http to accept the risk", "" },
  { "name a bundle with option ca_file", "name a bundle in the variable CURL_CA_BUNDLE" },
  { "in option ca_file, or a list of files with \"system\" in it", "in the variable CURL_CA_BUNDLE" },
  { ": set options client_cert and client_key", ": a script in Lua can give one, and this command cannot" },
  { "in option proxy or the variable", "in the variable" },
  { "check option proxy and the variables", "check the variables" },
  { "allow it with option token_hosts = .*", "use a key pair instead of a token" },
  { "allow_partial = true accepts an incomplete list", "aom list --allow-partial shows it all the same" },
  { "list it in option final", "name it with --final" },
  { "with option states = { .* }", "with --on or --off" },
  { "^states: ", "--on, --off: " },
  { "or close its client; or resume it here with force = true", "or end it; or resume it here with --force" },
  { '^an id is expected: client:find (".*") gives.*$', "arguments are ids: for a name use --name %1" },
  { "for a literal name use name instead of match;", "for a literal name use --name instead of --match;" },
  { "a query goes into the field query", "a query is given with --query" },
  { ", got nil$", ", got none" },
  { "exceeds max_response_bytes", "exceeds 1 MiB" },
  { "^run: timeout: ", "--limit: " }, { "^%l[%l_]+: (concurrency: )", "--%1" }, { "^%l[%l_]+: (rate: )", "--%1" },
  { "^names%[%d+%]: ", "--name: " }, { "^match: ", "--match: " },
  { "^request%.([%l_]+)", {
    method = "METHOD", path = "PATH", query = "--query", headers = "--header", body = "--data",
    endpoint = "--endpoint", service = "--service", project_id = "--project-id",
  } },
  { "%f[%l]option (%l[%l_]+)", { region = "--region", project_id = "--project-id", timeout = "--timeout" } },
}

-- All places are the doctor's to list.
local places = {
  { "^(to begin, .-); looked for .*", "%1, or write region, ak and sk into ~/.huaweicloud/credentials; "
    .. "aom doctor says where they were looked for" },
  { "^looked for options .*", "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ak and sk into "
    .. "~/.huaweicloud/credentials; aom doctor says where they were looked for" },
}

local function reword(value, list)
  for _, row in ipairs(list) do value = value:gsub(row[1], row[2]) end
  return value
end

--- A message or a hint, with all that it says.
---@param value string
---@return string
function wording.of(value) return reword(value, rows) end

--- Rewords an error, and returns the line that shows it.
---@param err any
---@return string
function wording.error(err)
  if errors.is_error(err) then
    -- What another says is left as it is.
    err.message = err.status and err.message or wording.of(err.message)
    err.hint = err.hint and wording.of(reword(err.hint, places))
  end
  return (tostring(err):gsub("^aom: ", ""))
end

return wording
