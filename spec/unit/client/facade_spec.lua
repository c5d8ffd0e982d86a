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
  for _, name in ipairs { "client", "doctor", "sign" } do
    it(("%s is not called with a colon"):format(name), function()
      refused("^call it as aom%." .. name .. "%(…%), with a dot$", safe[name](safe, {}))
    end)
  end
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
