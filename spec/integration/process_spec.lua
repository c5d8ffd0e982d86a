--- Proves what concerns the process and not a call: environment, fork, output.

local process = require "spec.support.process"

local lua, quote = process.interpreter, process.quote
local PROJECT = ("0123456789abcdef"):rep(2)
local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

--- Runs a chunk in its own process.
local function script(chunk, environment, interpreter)
  local words = { "LUA_PATH=" .. quote(package.path), "LUA_CPATH=" .. quote(package.cpath) }
  for name, value in pairs(environment or {}) do words[#words + 1] = name .. "=" .. quote(value) end
  local file = process.temporary(chunk)
  local output, code = process.run(("env -u http_proxy -u https_proxy -u no_proxy %s timeout 30 %s %s 2>&1"):format(
    table.concat(words, " "), interpreter or lua, quote(file)))
  os.remove(file)
  return output, code
end

local TRIGGER = [[
local aom = require "aom"
local ok, result = pcall(aom.trigger, "wf-1", "enable")
print(ok, ok and result.request_id or result)
]]

local function environment(url, more)
  local all = {
    HOME = "/nonexistent", HUAWEICLOUD_SDK_AK = "ENVKEY", HUAWEICLOUD_SDK_SK = "env-secret",
    HUAWEICLOUD_SDK_PROJECT_ID = PROJECT, HUAWEICLOUD_SDK_AOM_ENDPOINT = url,
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

describe("the default client", function()
  it("is configured by the environment alone", function()
    local server = process.rawserver { replies = { GOOD } }
    local output = script(TRIGGER, environment(server.url))
    assert.matches("^true", output)
    local headers = server.requests()[1].headers
    assert.matches("Access=ENVKEY, ", headers.authorization or headers.Authorization)
    server.stop()
  end)

  it("is configured by a profile", function()
    local server = process.rawserver { replies = { GOOD } }
    local profile = process.temporary(
      ("[basic]\nak = PROFILEKEY\nsk = profile-secret\nproject_id = %s\nendpoint = %s\n"):format(PROJECT, server.url))
    local output = script(TRIGGER, { HUAWEICLOUD_SDK_CREDENTIALS_FILE = profile, HOME = "/nonexistent" })
    os.remove(profile)
    assert.matches("^true", output)
    assert.are.equal(1, #server.requests())
    server.stop()
  end)

  it("says what is missing, and where it searched", function()
    local output = script(TRIGGER, { HOME = "/nonexistent" })
    assert.matches("^false", output)
    assert.matches("HUAWEICLOUD_SDK_REGION", output)
    assert.matches("/nonexistent/.huaweicloud/credentials", output)
  end)
end)

describe("a proxy", function()
  it("from the environment is used", function()
    local proxy = process.rawserver { replies = { GOOD } }
    local output = script(TRIGGER, environment("http://aom.example.com", { http_proxy = proxy.url }))
    assert.matches("^true", output)
    assert.matches("^PUT http://aom%.example%.com/v1/", proxy.requests()[1].line)
    proxy.stop()
  end)

  it("is not used for hosts in no_proxy", function()
    local proxy, server = process.rawserver { replies = { GOOD } }, process.rawserver { replies = { GOOD } }
    script(TRIGGER, environment(server.url, { http_proxy = proxy.url, no_proxy = "127.0.0.1" }))
    assert.are.equal(0, #proxy.requests())
    assert.are.equal(1, #server.requests())
    proxy.stop()
    server.stop()
  end)

  it("from the environment gets no request for this machine", function()
    local proxy, server = process.rawserver { replies = { GOOD } }, process.rawserver { replies = { GOOD } }
    local output = script(TRIGGER, environment(server.url, { http_proxy = proxy.url }))
    assert.matches("^true", output)
    assert.are.equal(0, #proxy.requests())
    assert.are.equal(1, #server.requests())
    proxy.stop()
    server.stop()
  end)

  it("never gets credentials in its CONNECT", function()
    local proxy = process.rawserver { replies = { "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n" } }
    script(TRIGGER, environment("https://aom.example.com", { https_proxy = proxy.url }))
    local request = proxy.requests()[1]
    assert.matches("^CONNECT aom%.example%.com:443 ", request.line)
    for name in pairs(request.headers) do assert.are_not.equal("authorization", name:lower()) end
    proxy.stop()
  end)
end)

describe("require", function()
  it("reads no environment, opens no file, defines no global and prints nothing", function()
    local output = script [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      local opened = io.open
      os.getenv = function(name) error("read " .. name) end
      io.open = function(path) error("opened " .. path) end
      require "aom"
      require "aom.safe"
      io.open = opened
      for name in pairs(_G) do assert(before[name], name) end
      io.write("quiet")
    ]]
    assert.are.equal("quiet", output)
  end)
end)

describe("a child process", function()
  it("opens its own connections and does not use the parent's", function()
    local simulator = process.simulator { ak = "ENVKEY", sk = "env-secret", project = PROJECT, tls = true,
      workflows = { "wf-1" } }
    local chunk = ([[
      local ffi = require "ffi"
      ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int); int getpid(void);"
      local aom = require "aom"
      local function sockets()
        local pipe = io.popen("ls -l /proc/" .. ffi.C.getpid() .. "/fd")
        local text, set, count = pipe:read "*a", {}, 0
        pipe:close()
        for name in text:gmatch "socket:%%[%%d+%%]" do set[name], count = true, count + 1 end
        return set, count
      end
      local client = aom.client { ca_file = %q, proxy = "" }
      client:enable "wf-1"
      local parents, count = sockets()
      local child = ffi.C.fork()
      if child == 0 then
        local fine, shared = pcall(client.disable, client, "wf-1"), 0
        client:close()
        -- Nor does it hold a copy of the parent's connection, which would keep it open, or of
        -- the pair by which the parent's libcurl wakes itself. What is kept back for when there
        -- is no descriptor left is a socket, too.
        for name in pairs((sockets())) do shared = shared + (parents[name] and 1 or 0) end
        ffi.C._exit(fine and count == 4 and shared == 1 and 7 or 8)
      end
      local status = ffi.new("int[1]")
      ffi.C.waitpid(child, status, 0)
      client:enable "wf-1"
      print(math.floor(status[0] / 256))
    ]]):format(simulator.ca_file)
    local env = environment(simulator.url)
    env.LUA_PATH = process.root .. "/lua/?.lua;;"
    env.LUA_CPATH = process.root .. "/build/luajit/?.so;;"
    local output = script(chunk, env, "luajit")
    assert.are.equal("7\n", output)
    local requests = simulator.state().requests
    assert.are.equal(3, #requests)
    assert.are.equal(requests[1].connection, requests[3].connection)
    assert.are_not.equal(requests[1].connection, requests[2].connection)
    simulator.stop()
  end)
end)

describe("a process that forks again and again", function()
  it("has the same number of descriptors in each generation, once it has used its client", function()
    local chunk = [[
      local ffi = require "ffi"
      ffi.cdef "int fork(void); int waitpid(int, int *, int); void _exit(int); int fcntl(int, int);"
      local engine = require "aom.core".engine()
      local attempt = { method = "GET", base = "http://127.0.0.1:1", host = "x", path = "/", query = {}, headers = {},
        body = "", connect_timeout = 1 }
      local function count()
        local open = 0
        for fd = 0, 255 do open = open + (ffi.C.fcntl(fd, 1) >= 0 and 1 or 0) end
        return open
      end
      local first
      local function live(generation)
        local id = engine:start(attempt, 1, { max_body = 1000, max_head = 1000, proxy = "" })
        while not engine:wait(id, 1) do end
        engine:cancel(id)
        first = first or count()
        io.write(count() - first, " ")
        io.flush()
        if generation == 4 then return end
        local child = ffi.C.fork()
        if child == 0 then
          live(generation + 1)
          ffi.C._exit(0)
        end
        ffi.C.waitpid(child, nil, 0)
      end
      live(1)
    ]]
    local env = environment "http://127.0.0.1:1"
    env.LUA_PATH = process.root .. "/lua/?.lua;;"
    env.LUA_CPATH = process.root .. "/build/luajit/?.so;;"
    assert.are.equal("0 0 0 0 ", (script(chunk, env, "luajit")))
  end)
end)

describe("secrets", function()
  it("appear in no error, event, warning or tostring", function()
    local simulator = process.simulator { ak = "SECRETKEY", sk = "right-secret", project = PROJECT,
      security_token = "sts-right", token = "good-token", workflows = { "wf-1" } }
    simulator.set {
      users = {
        alice = { password = "another", domain = "acme" }, bob = { password = "RIGHT-SECRET-15", domain = "acme" },
      },
      id_tokens = { ["ID-TOKEN-SECRET-18"] = { idp = "idp-1" } },
      projects = { [PROJECT] = { name = "cn-north-4" } },
    }
    local id_token = process.temporary "ID-TOKEN-SECRET-18"
    local output = script(([[
      local aom = require "aom.safe"
      local url, project = %q, %q
      local function show(value, seen)
        seen = seen or {}
        if type(value) ~= "table" then print(tostring(value)) return end
        if seen[value] then return end
        seen[value] = true
        print(tostring(value))
        for k, v in pairs(value) do show(k, seen) show(v, seen) end
        show(getmetatable(value), seen)
      end
      local function try(options)
        options.endpoint, options.project_id, options.proxy = options.endpoint or url, project, ""
        options.max_attempts = 2
        options.on_event = show
        local client, err = aom.client(options)
        show(client) show(err)
        if not client then return end
        for _, id in ipairs { "wf-1", "nobody", "a/b" } do
          local result, failure = client:enable(id)
          show(result) show(failure)
        end
        show(client:close())
      end
      try { ak = "SECRETKEY", sk = "WRONG-SECRET-1", security_token = "STS-SECRET-2" }
      try { ak = "SECRETKEY", sk = "right-secret", security_token = "STS-SECRET-3" }
      try { token = "TOKEN-SECRET-4" }
      try { ak = "A", sk = "LINE-SECRET-5\n" }
      try { token = "TOKEN-SECRET-6\n" }
      try { ak = "A", sk = "HALF-SECRET-7", token = "HALF-SECRET-8" }
      try { endpoint = "http://user:USERINFO-SECRET-9@127.0.0.1/", ak = "A", sk = "SECRET-10" }
      try { endpoint = "http://127.0.0.1:1", max_attempts = 1, ak = "A", sk = "DEAD-SECRET-11",
        security_token = "DEAD-SECRET-12" }
      try { ak = "A", secret_key = "UNKNOWN-SECRET-13" }
      local function remote(options)
        options.iam_endpoint, options.metadata_endpoint, options.region = url, url, "cn-north-4"
        try(options)
      end
      remote { username = "alice", password = "PASSWORD-SECRET-14", domain_name = "acme" }
      remote { username = "bob", password = "RIGHT-SECRET-15", domain_name = "acme" }
      remote { idp_id = "idp", id_token_file = %q }
      remote { idp_id = "idp-1", id_token_file = %q }
      remote { metadata = true }
      show(aom.doctor { endpoint = url, project_id = project, ak = "SECRETKEY", sk = "WRONG-SECRET-16", proxy = "" })
      show(aom.doctor { endpoint = url, iam_endpoint = url, region = "cn-north-4", username = "alice",
        password = "PASSWORD-SECRET-17", domain_name = "acme", proxy = "" })
      show(aom.version())
    ]]):format(simulator.url, PROJECT, id_token, id_token), { HOME = "/nonexistent" })
    os.remove(id_token)
    assert.matches("APIGW", output)
    local found = output:match("%S*SECRET%-%d+%S*")
    assert.is_nil(found)
    assert.is_nil(output:match "right%-secret")
    -- What the simulator issued is secret too.
    assert.is_nil(output:match "issued%-[%w-]+")
    simulator.stop()
  end)
end)
