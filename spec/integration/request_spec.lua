--- Proves that any request travels as a call does, over HTTP/1.1 and HTTP/2, and that derived clients share
--- what is theirs.

local any_requests = require "spec.support.any_requests"
local aom = require "aom"
local process = require "spec.support.process"
local safe = require "aom.safe"

local PROJECT = ("0123456789abcdef"):rep(2)

for _, kind in ipairs { "http", "https" } do
  describe("over " .. kind, function()
    local simulator, options

    setup(function()
      simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, tls = kind == "https", workflows = { "w" },
        token = "tok-1234567890" }
      options = { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "",
        ca_file = simulator.ca_file }
    end)
    teardown(function() simulator.stop() end)
    before_each(function()
      simulator.reset()
      simulator.set(any_requests.settings)
    end)

    it("every method ends at once, with all headers", function()
      simulator.script(any_requests.script)
      local c = safe.client(options)
      assert.are.same(any_requests.expected, any_requests.run(c))
      c:close()
      local counts = simulator.state().counts
      assert.are.same({}, counts.signature_failures)
      assert.are.equal(#any_requests.expected, counts.total)
    end)

    it("a token goes to another service on this machine", function()
      local other = process.simulator { token = "tok-1234567890", project = PROJECT, catch_all = true }
      local c = aom.client { endpoint = simulator.url, ca_file = simulator.ca_file, project_id = PROJECT,
        token = "tok-1234567890", proxy = "" }
      local answer = c:request { method = "GET", path = "/v1/{project_id}/x", endpoint = other.url }
      c:close()
      assert.are.equal("/v1/" .. PROJECT .. "/x", answer.data.path)
      local counts = { other.state().counts.total, simulator.state().counts.total }
      other.stop()
      assert.are.same({ 1, 0 }, counts)
    end)

    it("an answer over the limit is an error", function()
      simulator.script { { match = "/big", status = 200, body = ("x"):rep(2000) } }
      options.max_response_bytes = 1000
      local c = safe.client(options)
      options.max_response_bytes = nil
      local _, err = c:request { method = "GET", path = "/big" }
      c:close()
      assert.are.equal("protocol", err.kind)
    end)

    it("a derived client uses its parent's connection, and leaves it open", function()
      local c = aom.client(options)
      c:enable "w"
      local derived = c:with { timeout = 5, headers = { ["X-Trace"] = "7" } }
      derived:enable "w"
      derived:close()
      c:enable "w"
      assert.has_error(function() derived:enable "w" end)
      c:close()
      assert.are.equal(1, simulator.state().connections.opened)
    end)
  end)
end

describe("the faces", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, catch_all = true }
  end)
  teardown(function() simulator.stop() end)

  local function client(face)
    return face.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end

  local BAD = { method = "GET", path = "x" }

  it("raise, or return nil and the error", function()
    local raising, returning = client(aom), client(safe)
    local ok, err = pcall(function() raising:request(BAD) end)
    assert.is_false(ok)
    assert.matches("request_spec.lua:%d+", err.where)
    local nothing, other = returning:request(BAD)
    assert.is_nil(nothing)
    assert.are.equal(err.message, other.message)
    for _, name in ipairs { "request_all", "pages", "all_pages", "with" } do
      assert.has_error(function() raising[name](raising, "x") end)
      local value, failure = returning[name](returning, "x")
      -- An iterator reports it when it is turned.
      if name == "pages" then value, failure = value() or nil, select(2, returning:pages "x"()) end
      assert.is_nil(value)
      assert.are.equal("argument", failure.kind)
    end
    raising:close()
    returning:close()
  end)

  it("make objects that print and close as clients do", function()
    for _, face in ipairs { aom, safe } do
      local c = client(face)
      local derived = c:with { timeout = 9 }
      assert.are.equal(tostring(c), tostring(derived))
      assert.are.equal(200, derived:with {}:request { method = "GET", path = "/" }.status)
      assert.is_true(derived:close())
      assert.matches(", closed%)$", tostring(derived))
      assert.is_nil(tostring(c):find "closed")
      c:close()
    end
  end)

  it("call back", function()
    local c = client(aom)
    local seen = {}
    local function note(err, result) seen[#seen + 1] = err and err.kind or result.status or #result end
    c:request({ method = "GET", path = "/" }, note)
    c:request_all({ { method = "GET", path = "/" }, { method = "GET", path = "/2" } }, note)
    c:request_all({ { method = "GET", path = "/" } }, { concurrency = 1 }, note)
    c:all_pages({ method = "GET", path = "/", next = function() end }, note)
    c:with { timeout = 5 }:request({ method = "HEAD", path = "/" }, note)
    assert.has_error(function() c:request(BAD, note) end)
    c:close()
    assert.are.same({ 200, 2, 1, 1, 200 }, seen)
  end)

  it("iterate over pages", function()
    local c, methods = client(aom), {}
    for page in c:pages { method = "GET", path = "/", next = function(answer)
      local count = tonumber(answer.data.query:match "page=(%d)" or 0)
      return count < 2 and { page = count + 1 } or nil
    end } do methods[#methods + 1] = page.data.query end
    c:close()
    assert.are.same({ "", "page=1", "page=2" }, methods)
  end)

  it("mark lists, and refuse what is none", function()
    for _, face in ipairs { aom, safe } do
      local list = { 1 }
      assert.are.equal(list, face.list(list))
      assert.are.same({}, face.list())
    end
    assert.are.equal("argument", (select(2, safe.list "x")).kind)
    assert.are.equal("argument", (select(2, safe.list(setmetatable({}, { __metatable = 1 })))).kind)
    assert.are.equal("argument", (select(2, safe.log "loud")).kind)
    assert.is_function(safe.log())
  end)
end)
