--- Proves how the public functions are called, and what their errors say.

local aom = require "aom"
local safe = require "aom.safe"

local GOOD = {
  endpoint = "http://127.0.0.1:9", project_id = ("0"):rep(32), ak = "a", sk = "s", loop = "blocking", proxy = "",
}

local function refused(pattern, value, err)
  assert.is_nil(value)
  assert.is_true(safe.is_error(err))
  assert.are.equal("argument", err.kind)
  assert.matches(pattern, err.message)
end

describe("a function of the module", function()
  for _, name in ipairs { "trigger", "enable", "disable" } do
    it(("%s is not called with a colon"):format(name), function()
      refused("^call it as aom%." .. name .. "%(…%), with a dot$", safe[name](safe, "wf-1", "enable"))
    end)
  end
  for _, name in ipairs { "client", "doctor", "sign", "version", "close" } do
    it(("%s is not called with a colon"):format(name), function()
      refused("^call it as aom%." .. name .. "%(…%), with a dot$", safe[name](safe, {}))
    end)
  end
end)

describe("a misspelt name", function()
  local client

  before_each(function() client = assert(safe.client(GOOD)) end)
  after_each(function() client:close() end)

  for given, meant in pairs { tigger = "trigger", disabel = "disable", trigger_al = "trigger_all",
    workflow = "workflows", excute = "execute", clos = "close", find_ = "find", listWorkflows = "list_workflows" } do
    it(("of a method, %s, is an error that names %s"):format(given, meant), function()
      local value, err = client[given](client, "wf-1", "enable")
      refused("^unknown method client:" .. given .. "$", value, err)
      assert.are.equal(('did you mean "%s"?'):format(meant), err.hint)
    end)
  end

  for given, meant in pairs { tigger = "trigger", clinet = "client", docter = "doctor", versions = "version",
    is_eror = "is_error" } do
    it(("of a function, %s, is an error that names %s"):format(given, meant), function()
      local value, err = safe[given]("wf-1")
      refused("^unknown function aom%." .. given .. "$", value, err)
      assert.are.equal(('did you mean "%s"?'):format(meant), err.hint)
    end)
  end

  it("is raised where errors are, at the caller's place", function()
    local raising = aom.client(GOOD)
    for _, object in ipairs { raising, aom } do
      local ok, err = pcall(object.tigger, object, "wf-1")
      assert.is_false(ok)
      assert.is_true(aom.is_error(err))
      assert.matches("facade_spec", err.where)
      assert.matches('did you mean "trigger"', tostring(err))
    end
    raising:close()
  end)

  for _, name in ipairs { "find", "list_workflows", "pause", "execute", "with", "update_workflow_trigger_status" } do
    it("of a method is none of the module, which says where it is: " .. name, function()
      refused(("^aom%%.%s is a method of a client: call it as aom%%.client%%(%%):%s%%(…%%)$"):format(name, name),
        safe[name] {})
    end)
  end

  for _, name in ipairs { "workflows", "pages" } do
    it("of an iterator is none of the module, which says so in the loop: " .. name, function()
      for value, err in safe[name] {} do
        assert.is_false(value)
        assert.matches("^aom%." .. name .. " is a method of a client", err.message)
      end
      local ok, err = pcall(aom[name])
      assert.is_false(ok)
      assert.matches("is a method of a client", tostring(err))
    end)
  end

  for _, name in ipairs { "doctor", "sign", "client", "version", "log" } do
    it("of a function is no method, which says where it is: " .. name, function()
      refused(("^client:%s is a function of the module: call it as aom%%.%s%%(…%%)$"):format(name, name),
        client[name](client))
    end)
  end

  for _, name in ipairs { "id", "xyzzyq", "toJSON", "__len", "unrelated_property" } do
    it(("is none where it is near to nothing: " .. name), function()
      assert.is_nil(client[name])
      assert.is_nil(safe[name])
    end)
  end

  it("is none that is no text", function()
    assert.is_nil(client[1])
    assert.is_nil(safe[true])
  end)
end)

describe("a list for JSON", function()
  for name, row in pairs {
    ["a map"] = { { type = "cron" }, '"type"' }, ["a hole"] = { { 1, [3] = 3 }, "3" },
    ["both"] = { { 1, a = 2 }, '"a"' },
  } do
    it("is not " .. name, function()
      refused("^list: expected a list without holes, got the key " .. row[2] .. "$", safe.list(row[1]))
    end)
  end

  for name, value in pairs { ["empty"] = {}, ["one of elements"] = { 1, "b" } } do
    it("may be " .. name, function() assert.are.equal(value, safe.list(value)) end)
  end
end)

describe("a client", function()
  local client

  before_each(function() client = assert(safe.client(GOOD)) end)
  after_each(function() client:close() end)

  for name, call in pairs {
    ["client options"] = function() return safe.client(client) end,
    ["with"] = function() return client:with(client) end,
    ["trigger_all"] = function() return client:trigger_all({ "a" }, "enable", client) end,
    ["wait"] = function() return client:wait({ workflow_id = "w", id = "e" }, client) end,
  } do
    it("is no empty table of options: " .. name, function()
      refused("^" .. name .. ": expected a table of options, got a client$", call())
    end)
  end

  it("is no options of the doctor", function()
    local report = safe.doctor(client)
    assert.are.equal("fail", report[#report].status)
    assert.matches("expected a table of options, got a client", tostring(report))
  end)

  for name, words in pairs { timeout = "client:with { timeout = … }", headers = "client:with { headers",
    region = "give them to aom.client", ak = "give them to aom.client" } do
    it("has no options to assign: " .. name, function()
      for _, face in ipairs { aom, safe } do
        local object = face.client(GOOD)
        local ok, err = pcall(function() object[name] = "1" end)
        object:close()
        assert.is_false(ok)
        assert.are.equal("argument", err.kind)
        assert.matches(("client.%s: the options of a client cannot be assigned"):format(name), err.message, 1, true)
        assert.matches(words, err.hint, 1, true)
        assert.are.equal(face == aom, err.where ~= nil and err.where:find "facade_spec" ~= nil)
      end
    end)
  end

  -- As a double in a test of the user's does.
  it("takes a function of the user's in the place of a method", function()
    client.trigger = function() return "mine" end
    assert.are.equal("mine", client:trigger())
  end)
end)

describe("the end of a client", function()
  it("comes with its scope, on Lua 5.4", function()
    local compile = rawget(_G, "loadstring") or load
    local chunk = compile [[
      local safe, options = ...
      local kept
      do local c <close> = safe.client(options) kept = c end
      return kept]]
    if not chunk then return assert.is_false(_VERSION == "Lua 5.4") end
    refused("^the client is closed$", chunk(safe, GOOD):enable "wf-1")
  end)

  it("of the default one is not the end of the next", function()
    local world = {}
    for _, name in ipairs { "open", "close" } do
      local state = require "aom.client.state"
      local run = state[name]
      world[name] = { run = run, count = 0 }
      state[name] = function(...)
        world[name].count = world[name].count + 1
        if name == "open" then return run(GOOD) end
        return run(...)
      end
    end
    local first, second = safe.trigger("wf-1", "on"), safe.trigger("wf-1", "on")
    assert.are.equal(1, world.open.count)
    assert.is_true(safe.close())
    assert.is_true(aom.close())
    assert.are.equal(1, world.close.count)
    local third = safe.trigger("wf-1", "on")
    assert.is_true(aom.close())
    for name, entry in pairs(world) do require "aom.client.state"[name] = entry.run end
    assert.are.equal(2, world.open.count)
    assert.are.equal(2, world.close.count)
    assert.are.same({}, { first, second, third })
  end)
end)

describe("an argument error that is raised", function()
  it("names the position in the caller's code; a returned one does not", function()
    local here = debug.getinfo(1, "Sl")
    local ok, err = pcall(function() local client = aom.client { regio = "x" } return client end)
    assert.is_false(ok)
    assert.are.equal(("%s:%d"):format(here.short_src, here.currentline + 1), err.where)
    assert.is_truthy(tostring(err):find(" (at " .. err.where .. ")", 1, true))
    assert.is_nil(select(2, safe.client { regio = "x" }).where)
  end)

  it("has no position if the error is no mistake in the code", function()
    local ok, err = pcall(function() local client = aom.client { region = "nowhere-1" } return client end)
    assert.is_false(ok)
    assert.are.equal("config", err.kind)
    assert.is_nil(err.where)
  end)
end)

describe("a method of a client", function()
  local client

  before_each(function() client = assert(safe.client(GOOD)) end)
  after_each(function() client:close() end)

  for _, name in ipairs { "trigger", "enable", "find", "all_workflows", "workflows", "close" } do
    it(("%s is not called with a dot"):format(name), function()
      local call = client[name]
      local value, err = call("wf-1", "enable")
      if name == "workflows" then value, err = nil, select(2, value()) end
      refused("^call it as client:" .. name .. "%(…%), on a client$", value, err)
    end)
  end

  it("refuses a callback that is no function", function()
    refused('^callback: expected a function, got "x"$', client:trigger("wf-1", "enable", "x"))
    refused("^callback: expected a function, got 3$", client:enable("wf-1", 3))
  end)

  for name, row in pairs {
    ["words for a request"] = { '^request: expected a table of fields, got "GET"$', "GET", "/v1" },
    ["a number for one"] = { "^request: expected a table of fields, got 5$", 5, {} },
    ["three arguments for one"] = { '^request: expected a table of fields, got "GET"$', "GET", "/v1", {} },
    ["four arguments for one"] = { '^request: expected a table of fields, got "GET"$', "GET", "/v1", {}, print },
    ["what follows one"] = { "^request: expected at most 2 arguments, got 3$", { method = "GET", path = "/" }, {}, 1 },
  } do
    it("blames what is wrong: " .. name, function()
      refused(row[1], client:request(row[2], row[3], row[4], row[5]))
    end)
  end

  for name, message in pairs {
    request = 'request: expected a table of fields, got "GET"',
    all_pages = 'pages: expected a table of fields, got "GET"', pages = 'pages: expected a table of fields, got "GET"',
    request_all = 'requests: expected a plain list, without a metatable, got "GET"',
  } do
    it(("says what %s takes in place of a method and a path, whatever follows"):format(name), function()
      for _, more in ipairs { {}, { "/v1" }, { "/v1", {} }, { "/v1", {}, print, 4 } } do
        local value, err = client[name](client, "GET", more[1], more[2], more[3], more[4])
        if name == "pages" then value, err = nil, select(2, value()) end
        assert.are.same({ "argument", message }, { err.kind, err.message })
        assert.is_nil(value)
        if name ~= "request_all" then
          assert.are.equal('a request is one table, such as { method = "GET", path = "/v1/…" }', err.hint)
        end
      end
    end)
  end

  it("is not made of several arguments, nor a signature", function()
    refused('^client options: expected a table of options, got "cn%-north%-4"$', safe.client("cn-north-4", "ak", "sk"))
    refused('^request: expected a table of fields, got "GET"$', safe.sign("GET", "/v1", {}))
    refused("^client: expected at most 1 argument, got 2$", safe.client(nil, "ak"))
    refused("^sign: expected at most 2 arguments, got 3$", safe.sign({}, {}, {}))
  end)

  for name, row in pairs {
    ["a list"] = { { "aktiv" }, "a list" }, ["a text"] = { "aktiv", '"aktiv"' }, ["nothing true"] = { false, "false" },
  } do
    it("shows how states are given in place of " .. name, function()
      refused("^states: expected { on = { … }, off = { … } }, got " .. row[2] .. "$",
        client:pause { match = "a", dry_run = true, states = row[1] })
    end)
  end

  it("is refused when the client is closed", function()
    client:close()
    refused("^the client is closed$", client:enable "wf-1")
    refused("^the client is closed$", client:pause { match = "a", file = "f" })
  end)
end)

describe("a loop that is not available", function()
  it("is refused when the client is made", function()
    local client, err = safe.client { endpoint = GOOD.endpoint, project_id = GOOD.project_id, ak = "a", sk = "s",
      loop = "nginx" }
    assert.is_nil(client)
    assert.are.equal("config", err.kind)
    assert.are.equal('option loop: "nginx" works only inside nginx', err.message)
  end)

  it("says how to get luv", function()
    local loaded, preload = package.loaded.luv, package.preload.luv
    package.loaded.luv, package.preload.luv = nil, function() error "no luv today" end
    local client, err = safe.client { endpoint = GOOD.endpoint, project_id = GOOD.project_id, ak = "a", sk = "s",
      loop = "uv" }
    package.loaded.luv, package.preload.luv = loaded, preload
    assert.is_nil(client)
    assert.are.equal("config", err.kind)
    assert.matches("needs luv", err.message)
  end)
end)
