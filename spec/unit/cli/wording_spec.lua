--- Proves that the command names nothing that only a script in Lua can write: what each message
--- of the library becomes, and that no other one names an option.

local errors = require "aom.util.errors"
local process = require "spec.support.process"
local wording = require "aom.cli.wording"

local FILE = "~/.huaweicloud/credentials; aom doctor says where they were looked for"

-- What the library says, and what the command does.
local hints = {
  { "set option project_id or HUAWEICLOUD_SDK_PROJECT_ID to avoid the look-up",
    "set --project-id or HUAWEICLOUD_SDK_PROJECT_ID to avoid the look-up" },
  { "HINT; or set option project_id or HUAWEICLOUD_SDK_PROJECT_ID",
    "HINT; or set --project-id or HUAWEICLOUD_SDK_PROJECT_ID" },
  { "set option region as well as the endpoint", "set --region as well as the endpoint" },
  { "set option iam_endpoint or HUAWEICLOUD_SDK_IAM_ENDPOINT to the base URL of the endpoint's identity service",
    "set HUAWEICLOUD_SDK_IAM_ENDPOINT to the base URL of the endpoint's identity service" },
  { "use https://, or set option allow_http to accept the risk", "use https://" },
  { 'allow it with option token_hosts = { "ecs.example.com" }', "use a key pair instead of a token" },
  { "looked for option region, environment variable HUAWEICLOUD_SDK_REGION; and for option endpoint, environment "
    .. "variable HUAWEICLOUD_SDK_AOM_ENDPOINT", "looked for --region, environment variable HUAWEICLOUD_SDK_REGION; and "
    .. "for environment variable HUAWEICLOUD_SDK_AOM_ENDPOINT" },
  { "to begin, set HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_REGION; looked for option region, …; and "
    .. "for credentials, looked for options ak and sk (none is set); …",
    "to begin, set HUAWEICLOUD_SDK_AK, HUAWEICLOUD_SDK_SK and HUAWEICLOUD_SDK_REGION, or write region, ak and sk into "
    .. FILE },
  { "looked for options ak and sk, token, credentials, or idp_id and id_token_file (none is set); environment …",
    "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ak and sk into " .. FILE },
  { "these sources were tried first: options ak and sk, token (none is set); environment variables …",
    "these sources were tried first: environment variables …" },
  { "instance metadata (disabled: enable it with option metadata = true, or HUAWEICLOUD_SDK_METADATA=true)",
    "instance metadata (disabled: enable it with HUAWEICLOUD_SDK_METADATA=true)" },
  { "install the system's CA certificates (package ca-certificates), or name a bundle with option ca_file",
    "install the system's CA certificates (package ca-certificates), or name a bundle in the variable CURL_CA_BUNDLE" },
  { "no authority of environment variable SSL_CERT_FILE has signed the certificate: name the right file in option "
    .. "ca_file, or a list of files with \"system\" in it", "no authority of environment variable SSL_CERT_FILE has "
    .. "signed the certificate: name the right file in the variable CURL_CA_BUNDLE" },
  { "the server asks for a client certificate: set options client_cert and client_key",
    "the server asks for a client certificate: a script in Lua can give one, and this command cannot" },
  { "correct the user and password of the proxy, in option proxy or the variable https_proxy",
    "correct the user and password of the proxy, in the variable https_proxy" },
  { "the proxy's host name does not resolve: check option proxy and the variables https_proxy and http_proxy",
    "the proxy's host name does not resolve: check the variables https_proxy and http_proxy" },
  { "allow_partial = true accepts an incomplete list", "aom list --allow-partial shows it all the same" },
  { 'its last status was "done"; if that status is final, list it in option final',
    'its last status was "done"; if that status is final, name it with --final' },
  { "say what it means with option states = { on = { … }, off = { … } }", "say what it means with --on or --off" },
  { "resume it in that process or close its client; or resume it here with force = true",
    "resume it in that process or end it; or resume it here with --force" },
  { 'for a literal name use name instead of match; in a pattern a hyphen is written %-, as in "a%-b"',
    'for a literal name use --name instead of --match; in a pattern a hyphen is written %-, as in "a%-b"' },
  { 'an id is expected: client:find "nightly-backup" gives the workflow of that name',
    'arguments are ids: for a name use --name "nightly-backup"' },
  -- These need no other words.
  { "resume it; then the file can be used again" }, { "resume again to continue" },
  { "resume enables again those that were disabled" }, { "the token has expired: get a new one" },
  { "the user lacks a permission in this project; this call needs cms:workflow:update" },
  { 'did you mean "cn-north-4"? known regions: cn-north-4; for another one set an endpoint' },
  { "correct the options, the environment or the profile" },
}

local messages = {
  { 'option project_id: expected a project id, got "x"', '--project-id: expected a project id, got "x"' },
  { "option timeout: expected a finite number", "--timeout: expected a finite number" },
  { "trigger_all: concurrency: expected a whole number", "--concurrency: expected a whole number" },
  { "resume: rate: expected a finite number", "--rate: expected a finite number" },
  { "run: timeout: expected a finite number", "--limit: expected a finite number" },
  { 'states: "x" cannot mean both on and off', '--on, --off: "x" cannot mean both on and off' },
  { 'names[2]: expected a non-empty string, got ""', '--name: expected a non-empty string, got ""' },
  { 'match: "(" is not a Lua pattern', '--match: "(" is not a Lua pattern' },
  { "request.query[1]: expected", "--query[1]: expected" }, { "request.headers: expected", "--header: expected" },
  { "request.path: expected a path without ? and # (a query goes into the field query)",
    "PATH: expected a path without ? and # (a query is given with --query)" },
  { "request.method: expected GET", "METHOD: expected GET" },
  { "request.body: expected none", "--data: expected none" },
  { "request.project_id: expected a project id of the endpoint's region cn-south-1, got nil",
    "--project-id: expected a project id of the endpoint's region cn-south-1, got none" },
  { "request.endpoint: expected https://, or http:// to this machine, got http:// to another host",
    "--endpoint: expected https://, or http:// to this machine, got http:// to another host" },
  { "the response body exceeds max_response_bytes", "the response body exceeds 1 MiB" },
}

describe("the command's words for", function()
  for _, row in ipairs(hints) do
    it("the hint: " .. row[1], function()
      local err = errors.config("m", row[1])
      assert.are.equal("config: m; " .. (row[2] or row[1]), wording.error(err))
      assert.are.equal(row[2] or row[1], err.hint)
      assert.are.equal("config: m; " .. (row[2] or row[1]), wording.error(err))
    end)
  end

  for _, row in ipairs(messages) do
    it("the message: " .. row[1], function()
      assert.are.equal("argument: " .. (row[2] or row[1]), wording.error(errors.argument("%s", row[1])))
    end)
  end

  it("what the service says", function()
    local err = errors.new("service", "option region is wrong: allow_partial = true", { status = 400 })
    assert.are.equal("service: option region is wrong: allow_partial = true (HTTP 400)", wording.error(err))
  end)

  it("what is no error of the library", function()
    assert.are.equal("option ca_file", wording.error "option ca_file")
  end)
end)

-- Files, or parts of them, whose messages the command never shows, and texts that need no words.
local elsewhere = {
  "/types/", "/simulator/", "/cli/", "aom/health.lua",
  "/loop/nginx", "/loop/adapter.lua", "/loop/select.lua",  -- of other hosts
  "/client/members.lua",  -- of a script's own code
  "/providers/custom.lua", "/providers/static.lua", "/config/options.lua", "/util/check.lua",  -- of options not given
}
local no_messages = {
  ["set option %s"] = true, ["set option %s or %s"] = true,
  ["option"] = true, ["option "] = true, ["options "] = true,  -- parts, see layers, static and chain above
  ["correct the options, the environment or the profile"] = true,
}
-- Of options that the command never sets.
local unset = { "ca_file", "client_cert", "client_key", "insecure", "proxy: check that proxy", "%s needs option" }

local function is_elsewhere(path)
  for _, part in ipairs(elsewhere) do
    if path:find(part, 1, true) then return true end
  end
end

local function is_unset(text)
  for _, name in ipairs(unset) do
    if text:find("option " .. name, 1, true) then return true end
  end
  return text == "remove the option"
end

describe("no message of the library", function()
  for path in process.run("find lua/aom -name '*.lua' | sort"):gmatch "%S+" do
    if not is_elsewhere(path) then
      it("names an option that the command has not: " .. path, function()
        local file = assert(io.open(path))
        local source = file:read "*a":gsub("%-%-[^\n]*", "")
        file:close()
        for _, quote in ipairs { '"', "'" } do
          for text in source:gmatch(("%s([^%s\n]*)%s"):format(quote, quote, quote)) do
            local said = wording.of(text)
            local is_named = said:find "%f[%w]options?%f[%W]" or said:find "%l = true"
            assert.is_true(not is_named or text:find "^aom%.%l" ~= nil or no_messages[text] or is_unset(text), text)
          end
        end
      end)
    end
  end
end)
