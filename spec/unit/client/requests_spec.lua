--- Proves what `request_all` and `pages` make of many requests.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local pages = require "aom.client.pages"
local walks = require "aom.client.walks"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local OK = { status = 200, body = "{}" }

local function open(answers, options)
  local world = world_of.new { random = { 0.5 } }
  local loop = scripted.new(world, answers or { OK })
  return assert(client.open(scripted.options(loop, options), world)), loop
end

local function get(path, more)
  local request = { method = "GET", path = path }
  for name, value in pairs(more or {}) do request[name] = value end
  return request
end

describe("many requests", function()
  it("have an entry each, in order, also if some fail", function()
    local state, loop = open { OK, { status = 404 }, OK }
    local list = { get "/a", get "/b", get("/a", { endpoint = "https://ecs.example.com" }) }
    local seen = {}
    local report = assert(methods.request_all(state, list, { on_result = function(entry, done, total)
      seen[#seen + 1] = ("%s %d/%d"):format(entry.request.path, done, total)
    end }))
    assert.are.same({ 2, 1, 3 }, { report.succeeded, report.failed, #report })
    for i, entry in ipairs(report) do assert.are.equal(list[i], entry.request) end
    assert.are.same({}, report[1].result.data)
    assert.are.same({ 404, "request" }, { report[2].error.status, report[2].error.operation })
    assert.are.same({ "/a 1/3", "/b 2/3", "/a 3/3" }, seen)
    assert.are.equal("https://ecs.example.com/a", loop.attempts[3].wire.url)
    assert.is_number(report.elapsed)
  end)

  it("that are alike are sent each", function()
    local state, loop = open()
    local one = { method = "POST", path = "/a" }
    assert.are.equal(2, methods.request_all(state, { one, one }).succeeded)
    assert.are.equal(2, #loop.attempts)
  end)

  it("stop at an error where that is asked for", function()
    local state, loop = open { { status = 400 } }
    local report = methods.request_all(state, { get "/a", get "/b" }, { concurrency = 1, stop_on_error = true })
    assert.are.equal(1, #loop.attempts)
    assert.are.same({ "cancelled", "request", 0 }, { report[2].error.kind, report[2].error.operation,
      report[2].error.attempts })
  end)

  it("keep to a rate", function()
    local state, loop = open()
    methods.request_all(state, { get "/a", get "/b", get "/c" }, { rate = 2 })
    assert.are.same({ 0.5, 0.5 }, loop.slept)
  end)

  it("may be none", function() assert.are.equal(0, methods.request_all(open(), {}).succeeded) end)

  for _, row in ipairs {
    { { get "/a", get "b" }, nil, "requests[2]: request.path: expected a path that starts with /" },
    { { get "/a", "/b" }, nil, "requests[2]: request: expected a table of fields" },
    { { get "/a", nil, get "/b" }, nil, "requests: expected a list without holes, got the key 3" },
    { get "/a", nil, "requests: expected a list without holes, got the key" },
    { setmetatable({}, { __index = { get "/a" } }), nil, "requests: expected a plain list, without a metatable" },
    { "/a", nil, "requests: expected a plain list" },
    { { get "/a" }, { concurency = 1 }, 'request_all: unknown option "concurency"' },
  } do
    it("are refused before any is sent: " .. row[3], function()
      local state, loop = open()
      local report, err = methods.request_all(state, row[1], row[2])
      assert.is_nil(report)
      assert.are.equal("argument", err.kind)
      assert.matches(row[3], err.message, 1, true)
      assert.are.equal(0, #loop.attempts)
    end)
  end
end)

describe("pages", function()
  local function page(items, marker)
    return { status = 200, body = ('{"items":[%s]%s}'):format(items, marker and ',"marker":"' .. marker .. '"' or "") }
  end

  local function by_marker(answer) return answer.data.marker and { marker = answer.data.marker } end

  local LIST = { method = "GET", path = "/v1/things", query = { limit = 2 }, next = by_marker }

  local function urls(loop)
    local list = {}
    for i, attempt in ipairs(loop.attempts) do list[i] = attempt.wire.url:match "/v1.*" .. " " .. attempt.wire.body end
    return list
  end

  it("follow each other as the caller says", function()
    local state, loop = open { page("1,2", "m1"), page("3,4", "m2"), page "5" }
    local all = assert(methods.all_pages(state, LIST))
    assert.are.same({ { 1, 2 }, { 3, 4 }, { 5 } }, { all[1].data.items, all[2].data.items, all[3].data.items })
    assert.are.same({ "/v1/things?limit=2 ", "/v1/things?limit=2&marker=m1 ", "/v1/things?limit=2&marker=m2 " },
      urls(loop))
  end)

  it("may differ in their bodies", function()
    local state, loop = open()
    local count = 0
    assert(methods.all_pages(state, { method = "POST", path = "/v1/list", body = { page = 1 }, idempotent = true,
      next = function()
        count = count + 1
        if count < 3 then return {}, { page = count + 1 } end
      end }))
    assert.are.same({ '/v1/list {"page":1}', '/v1/list {"page":2}', '/v1/list {"page":3}' }, urls(loop))
    assert.is_false(loop.attempts[3].fresh)
  end)

  it("replace what stands in the query, and keep the rest", function()
    local state, loop = open()
    local count = 0
    methods.all_pages(state, { method = "GET", path = "/v1/x", query = { { "a", "1" }, { "a", "2" }, { "page", 1 } },
      next = function()
        count = count + 1
        return count < 2 and { { "page", 2 }, { "b", "x" } } or nil
      end })
    assert.are.same({ "/v1/x?a=1&a=2&page=1 ", "/v1/x?a=1&a=2&b=x&page=2 " }, urls(loop))
  end)

  it("that repeat are an error, after what was read", function()
    local state, loop = open { page("1", "m1"), page("2", "m2"), page("3", "m1") }
    local walk, seen = assert(pages.walk(state, LIST)), 0
    local answer, err
    repeat
      answer, err = walk:next()
      if answer then seen = seen + 1 end
    until not answer or seen == 10
    assert.are.same({ 3, 3 }, { seen, #loop.attempts })
    assert.are.same({ "protocol", "the next page is one that was read already" }, { err.kind, err.message })
    assert.is_nil(walk:next())
  end)

  it("that fail are an error, and can be asked for again", function()
    local state, loop = open({ page("1", "m1"), { status = 503 }, page "2" }, { max_attempts = 1 })
    local walk = assert(pages.walk(state, LIST))
    assert.is_table(walk:next())
    assert.are.equal(503, (select(2, walk:next())).status)
    assert.are.same({ 2 }, walk:next().data.items)
    assert.is_nil(walk:next())
    assert.are.equal(loop.attempts[2].wire.url, loop.attempts[3].wire.url)
  end)

  it("are not read further than the caller reads", function()
    local state, loop = open { page("1", "m1") }
    local walk = assert(pages.walk(state, LIST))
    walk:next()
    assert.are.equal(1, #loop.attempts)
  end)

  for _, row in ipairs {
    { "text", "pages: what next returns: expected a list of { name, value } pairs or a table" },
    { { { "a" }, "b" }, "pages: what next returns[2]: expected a { name, value } pair" },
    { { a = {} }, 'pages: what next returns: "a": expected a string, finite number or boolean' },
  } do
    it("refuse what is no query: " .. row[2], function()
      local _, err = methods.all_pages(open(), { method = "GET", path = "/", next = function() return row[1] end })
      assert.are.equal("argument", err.kind)
      assert.matches(row[2], err.message, 1, true)
    end)
  end

  for _, row in ipairs {
    { { method = "GET", path = "/" }, "pages: next: expected a function, got nil" },
    { { method = "GET", path = "/", nxt = print, next = print }, 'pages: unknown field "nxt"' },
    { { method = "GET", path = "x", next = print }, "request.path: expected a path" },
    { "GET", "pages: expected a table of fields" },
  } do
    it("refuse " .. row[2], function()
      local state, loop = open()
      local walk, err = walks.begin.pages(state, row[1])
      assert.is_nil(walk)
      assert.are.equal("argument", err.kind)
      assert.matches(row[2], err.message, 1, true)
      assert.are.equal(0, #loop.attempts)
    end)
  end
end)
