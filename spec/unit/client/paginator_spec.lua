--- Proves that lists are complete or an error, for every way in which a service may page.

local cjson = require "cjson"
local client = require "aom.client.state"
local walks = require "aom.client.walks"
local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

--- A client of a service whose response to a page number `serve` makes: elements or their
--- ids, a `total` in any form, a `status`; nil is an empty page.
local function open(serve)
  local world = world_of.new()
  local asked = {}
  local loop = scripted.new(world, { function(attempt)
    local body = cjson.decode(attempt.body)
    asked[#asked + 1] = body
    local answer = serve(body.page or body.page_num, body.size or body.page_size, #asked) or {}
    if answer.status then return { status = answer.status, headers = {}, body = "" } end
    local elements = {}
    for i, id in ipairs(answer) do elements[i] = cjson.encode(type(id) == "table" and id or { id = id }) end
    local total = answer.total ~= nil and (',"total_elements":%s'):format(cjson.encode(answer.total)) or ""
    local list = answer.null and "null" or "[" .. table.concat(elements, ",") .. "]"
    return { status = 200, headers = {}, body = ('{"elements":%s%s}'):format(list, total) }
  end })
  return assert(client.open(scripted.options(loop), world)), asked
end

local function ids_of(list)
  local ids = {}
  for i, element in ipairs(list) do ids[i] = element.id end
  return table.concat(ids, " ")
end

--- The ids from `first` to `last`, as texts.
local function range(first, last)
  local ids = {}
  for i = first, last do ids[#ids + 1] = ("%03d"):format(i) end
  return ids
end

local function text(first, last) return table.concat(range(first, last), " ") end

--- A list that is cut into pages. `how`: `from` is the number of the first page, `cap` the
--- longest page that is given, `total` a value or a function of (count of the list, count
--- of the page, page), `beyond` the answer to a page that is not there.
local function cut(count, how)
  how = how or {}
  return function(page, size)
    size = math.min(size, how.cap or size)
    local first = (page - (how.from or 1)) * size + 1
    if first < 1 or first > count and how.beyond then
      return how.beyond or { status = 400 }
    end
    local part = range(first, math.min(first + size - 1, count))
    part.total = count
    if how.total ~= nil then part.total = how.total end
    if type(how.total) == "function" then part.total = how.total(count, #part, page) end
    return part
  end
end

--- A service that sends these pages, and nothing beyond them.
local function given(list, zero)
  return function(page) return page == 0 and (zero or { status = 400 }) or list[page] or { total = list.total } end
end

local function none() return nil end

local function count_page(_, of_page) return of_page end

describe("a walk over pages", function()
  -- How the service pages; the filter; the result, in order; the number of requests.
  local whole = {
    { "that state the total", cut(250), {}, text(1, 250), 3 },
    { "of one page", cut(30), {}, text(1, 30), 1 },
    { "of none", cut(0), {}, "", 1 },
    { "of none, as null", function() return { null = true, total = 0 } end, {}, "", 1 },
    { "of just one full page", cut(100), {}, text(1, 100), 2 },
    { "of full pages alone", cut(6), { size = 2 }, text(1, 6), 4 },
    { "of full pages alone, with null beyond them", cut(6, { beyond = { null = true, total = 6 } }), { size = 2 },
      text(1, 6), 4 },
    { "of full pages alone, with a total of 0 beyond them", cut(6, { beyond = { total = 0 } }), { size = 2 },
      text(1, 6), 4 },
    { "of full pages alone, with a 400 beyond them", cut(6, { beyond = { status = 400 } }), { size = 2 },
      text(1, 6), 4 },
    { "of full pages alone, with a 404 beyond them", cut(6, { beyond = { status = 404 } }), { size = 2 },
      text(1, 6), 4 },
    { "with the count of the page for a total", cut(250, { total = count_page }), {}, text(1, 250), 5 },
    { "with the length of a page for a total", cut(250, { total = 100 }), {}, text(1, 250), 5 },
    { "with a total that is too small", cut(5, { total = 3 }), { size = 2 }, text(1, 5), 5 },
    { "without a total", cut(5, { total = none }), { size = 2 }, text(1, 5), 5 },
    { "without a total, of full pages", cut(4, { total = none }), { size = 2 }, text(1, 4), 4 },
    { "with a total that is a text", cut(5, { total = "many" }), { size = 2 }, text(1, 5), 5 },
    { "with a total that is a number in quotes", cut(5, { total = "5" }), { size = 2 }, text(1, 5), 3 },
    { "with a total below 0", cut(5, { total = -1 }), { size = 2 }, text(1, 5), 5 },
    { "with a broken total", cut(5, { total = 4.5 }), { size = 2 }, text(1, 5), 5 },
    { "with a total on the first page alone",
      cut(5, { total = function(n, _, page) return page == 1 and n or nil end }), { size = 2 }, text(1, 5), 3 },
    { "from 0, of one page", cut(30, { from = 0 }), {}, text(1, 30), 2 },
    { "from 0, of several pages", cut(250, { from = 0 }), {}, text(101, 250) .. " " .. text(1, 100), 4 },
    { "from 0, of full pages", cut(4, { from = 0 }), { size = 2 }, text(3, 4) .. " " .. text(1, 2), 3 },
    { "from 0, with the count of the page for a total", cut(250, { from = 0, total = count_page }), {},
      text(101, 250) .. " " .. text(1, 100), 4 },
    { "from 0, without a total", cut(30, { from = 0, total = none }), {}, text(1, 30), 2 },
    { "from 0, without a total, of several pages", cut(5, { from = 0, total = none }), { size = 2 },
      text(3, 5) .. " " .. text(1, 2), 4 },
    { "shorter than it was asked for", cut(120, { cap = 50 }), {}, text(1, 120), 3 },
    { "shorter than it was asked for, and all full", cut(100, { cap = 50 }), {}, text(1, 100), 2 },
    { "from 0, and shorter than asked for", cut(120, { from = 0, cap = 50 }), {},
      text(51, 120) .. " " .. text(1, 50), 4 },
    { "longer than it was asked for", function() local all = range(1, 5) all.total = 5 return all end, { size = 2 },
      text(1, 5), 2 },
    { "that are the same for ever, and whole", given { { "a", "b", total = 2 }, { "a", "b", total = 2 } },
      { size = 2 }, "a b", 2 },
    { "shorter than it was asked for, with a total that is too small", cut(7, { cap = 2, total = 3 }), {},
      text(1, 7), 6 },
    { "that shrink, and grow again", given { { "a", "b", total = 5 }, { "d", "e", total = 3 }, { "f", total = 5 } },
      { size = 2 }, "a b d e f", 3 },
    { "that grow", given { { "a", "b", total = 3 }, { "c", "d", total = 5 }, { "e", total = 5 } }, { size = 2 },
      "a b c d e", 3 },
    { "with what has moved to a later page", given { { "a", "b", total = 3 }, { "b", "c", total = 3 } }, { size = 2 },
      "a b c", 3 },
    { "with what came in at the front", given({ { "a", "b", total = 3 }, { "b", "c", total = 4 } }, { "x", "a" }),
      { size = 2 }, "a b c x", 4 },
    { "of page 0 that is page 1", function(page, size) return cut(5)(math.max(page, 1), size) end,
      { page = 0, size = 2 }, text(1, 5), 4 },
    { "of page 0 that is not there", cut(5, { beyond = { total = 5 } }), { page = 0, size = 2 }, text(1, 5), 4 },
    { "of page 0 to the end", cut(5, { from = 0 }), { page = 0, size = 2 }, text(1, 5), 3 },
    { "from the caller's own", cut(250), { page = 2 }, text(101, 250), 3 },
    { "from the caller's own, shorter than asked for", cut(120, { cap = 50 }), { page = 2 }, text(51, 120), 3 },
    { "from the caller's own, beyond the end", cut(30), { page = 5 }, "", 1 },
  }
  for _, case in ipairs(whole) do
    it(case[1] .. " brings all", function()
      local state, asked = open(case[2])
      local all, err = methods.all_workflows(state, case[3])
      assert.is_nil(err)
      assert.are.equal(case[4], ids_of(all))
      assert.are.equal(case[5], #asked)
    end)
  end

  -- What was received, and the total; the number of requests; whether the list changed.
  local short = {
    { "end before the total", cut(5, { total = 7 }), 5, 7, 5 },
    { "end before the total, without a page 0", given({ { "a", "b", total = 99 } }, { status = 404 }), 2, 99, 3 },
    { "end before the total, and page 0 says that there is none", given({ { "a", "b", total = 99 } }, { total = 0 }),
      2, 99, 3 },
    { "are the same for ever", function() return { "a", "b", total = 1000 } end, 2, 1000, 3 },
    { "are the same for ever in new words",
      function(_, _, n) return { { id = "a", n = n }, { id = "b", n = n }, total = 1000 } end, 2, 1000, 3 },
    { "are the same for ever, and have no ids",
      function() return { { n = 1 }, { n = 2 }, total = 1000 } end, 2, 1000, 3 },
    { "are the same for ever, all alike, and have no ids",
      function() return { { n = 1 }, { n = 1 }, total = 1000 } end, 2, 1000, 3 },
    { "lack what moved to an earlier page", given { { "a", "b", total = 4 }, { "b", "c", total = 4 } }, 3, 4, 4 },
    { "grow more than they bring", given { { "a", "b", total = 3 }, { "c", total = 4 } }, 3, 4, 4, true },
    -- What moved to a page that was read already is missing, though the counts fit at the end.
    { "shrink", given { { "a", "b", total = 4 }, { "d", total = 3 } }, 3, 4, 2, true },
    { "state far fewer at the end", given { { "a", "b", total = 99 }, { "c", total = 3 } }, 3, 99, 2, true },
    { "end meanwhile", given { { "a", "b", total = 9 }, total = 2 }, 2, 9, 2, true },
    { "shrink to what was read", given { { "a", "b", total = 3 }, total = 2 }, 2, 3, 2, true },
  }
  it("that states a total which nobody counts is an error of one line", function()
    local _, err = methods.all_workflows(open(given { { "a", total = 1e300 } }), { size = 2 })
    assert.are.equal("the list is incomplete: the service states a total of 1e+300 and sent 1", err.message)
  end)

  for _, case in ipairs(short) do
    it("that " .. case[1] .. " is an error", function()
      local state, asked = open(case[2])
      local all, err = methods.all_workflows(state, { size = 2 })
      assert.is_nil(all)
      assert.are.equal("protocol", err.kind)
      assert.are.equal(("the list is incomplete: the service states a total of %d and sent %d"):format(case[4],
        case[3]), err.message)
      assert.are.equal("list_workflows", err.operation)
      assert.are.equal(case[6] or false, err.retryable)
      assert.matches(case[6] and "the list changed" or "allow_partial = true", err.hint)
      assert.are.equal(case[5], #asked)
    end)

    it("that " .. case[1] .. " returns what there is if that is allowed", function()
      local state, asked = open(case[2])
      local all = assert(methods.all_workflows(state, { size = 2, allow_partial = true }))
      assert.are.equal(case[3], #all)
      assert.are.equal(case[5], #asked)
      for _, body in ipairs(asked) do assert.is_nil(body.allow_partial) end
    end)
  end

  it("keeps elements without ids apart", function()
    local state = open(given { { { n = 1 }, { n = 1 }, total = 3 }, { { n = 2 }, total = 3 } })
    assert.are.equal(3, #assert(methods.all_workflows(state, { size = 2 })))
  end)

  it("does not treat an empty string as an id", function()
    local state = open(given { { { id = "", n = 1 }, { id = "", n = 2 }, total = 3 },
      { { id = "", n = 3 }, total = 3 } })
    assert.are.equal(3, #assert(methods.all_workflows(state, { size = 2 })))
  end)

  it("accepts numbers as ids, but not tables", function()
    local state = open(given { { { id = 1 }, { id = 2 }, total = 4 }, { { id = 2 }, { id = {} }, total = 4 },
      { { id = {} }, { id = { 1 } }, total = 4 } })
    assert.are.equal(4, #assert(methods.all_workflows(state, { size = 2 })))
  end)

  it("returns the same when it is called again after its end", function()
    local state, asked = open(cut(3, { total = 9 }))
    local walk = assert(walks.begin.workflows(state))
    for _ = 1, 3 do assert.is_table(walk:next()) end
    for _ = 1, 2 do
      local element, err = walk:next()
      assert.is_nil(element)
      assert.are.equal("protocol", err.kind)
    end
    assert.are.equal(3, #asked)
  end)

  it("requests the longest pages, from the first, by default", function()
    local state, asked = open(function() return { total = 0 } end)
    methods.all_workflows(state, { type = "cron" })
    assert.are.same({ sort_field = "create_time", sort_type = "ASC", page = 1, size = 100, type = "cron" }, asked[1])
    methods.all_jobs(state, { page_num = 3, page_size = 7, name = "x" })
    assert.are.equal(3, asked[2].page_num)
    assert.are.equal(7, asked[2].page_size)
  end)

  it("requests pages lazily", function()
    local state, asked = open(cut(5))
    local it = assert(walks.begin.workflows(state, { size = 2 }))
    assert.are.equal(0, #asked)
    it:next()
    it:next()
    assert.are.equal(1, #asked)
    it:next()
    assert.are.equal(2, #asked)
  end)

  it("does not change the filter it was given", function()
    local filter = { size = 2, allow_partial = true }
    methods.all_workflows(open(cut(5)), filter)
    assert.are.same({ size = 2, allow_partial = true }, filter)
  end)

  -- The request that fails; the page that is asked for again.
  for request, page in pairs { [1] = 1, [2] = 2, [4] = 0 } do
    it(("tells of an error of request %d, and asks for the same page again"):format(request), function()
      local pages_of = cut(5, { from = 0 })
      local state, asked = open(function(number, size, n)
        return n == request and { status = 403 } or pages_of(number, size)
      end)
      local walk = assert(walks.begin.workflows(state, { size = 2 }))
      local seen, failures = {}, 0
      while true do
        local element, err = walk:next()
        if err then
          failures = failures + 1
          assert.are.equal(403, err.status)
        elseif not element then
          break
        end
        seen[#seen + 1] = element
      end
      assert.are.equal(1, failures)
      assert.are.equal(text(3, 5) .. " " .. text(1, 2), ids_of(seen))
      assert.are.equal(page, asked[request].page)
      assert.are.equal(page, asked[request + 1].page)
    end)
  end

  it("treats a 400 in the middle as an error", function()
    local state = open(function(page, size) return page == 2 and { status = 400 } or cut(5)(page, size) end)
    local all, err = methods.all_workflows(state, { size = 2 })
    assert.is_nil(all)
    assert.are.equal(400, err.status)
  end)

  -- How the service pages; the filter; the error, or the number of elements.
  for name, case in pairs {
    ["more than the total, which says more"] = { cut(5000, { beyond = { total = 5000 } }), {},
      "100 pages .*total of 5000.* sent 100$" },
    ["more than there is a total for"] = { cut(5000, { total = none }), {}, "100 pages that can be requested$" },
    ["more than the total, which counts the page"] = { cut(5000, { total = count_page }), {}, "100 pages" },
    ["exactly what there is"] = { cut(100), {}, 100 },
    ["exactly what there is, the last page short"] = { cut(199), { page_size = 2 }, 199 },
    ["more, to who allows it"] = { cut(5000), { allow_partial = true }, 100 },
    ["the last page alone"] = { cut(5000), { page_num = 100 }, "100 pages" },
    ["the last page alone, and short"] = { cut(199), { page_num = 100, page_size = 2 }, 1 },
  } do
    it("ends with the last number of a page: " .. name, function()
      local state, asked = open(case[1])
      local filter = { page_size = 1 }
      for key, value in pairs(case[2]) do filter[key] = value end
      local all, err = methods.all_scripts(state, filter)
      if type(case[3]) == "number" then
        assert.is_nil(err)
        assert.are.equal(case[3], #all)
      else
        assert.is_nil(all)
        assert.are.equal("protocol", err.kind)
        assert.matches(case[3], err.message)
      end
      for _, body in ipairs(asked) do assert.is_true(body.page_num <= 100) end
    end)
  end

  it("refuses a bad filter before any request", function()
    local state, asked = open(function() return { total = 0 } end)
    for _, filter in ipairs { { typ = "cron" }, { size = 1000 }, { page = -1 }, { allow_partial = 1 }, 5 } do
      local walked, err = walks.begin.workflows(state, filter)
      assert.is_nil(walked)
      assert.are.equal("argument", err.kind)
    end
    assert.are.equal(0, #asked)
  end)

  it("takes the id that a list belongs to", function()
    local state = open(function() return { "t", total = 1 } end)
    assert.are.equal("t", ids_of(methods.all_templates(state, "job-1")))
    local all, err = methods.all_templates(state)
    assert.is_nil(all)
    assert.matches("job_id: expected a string of 1 to 64 bytes, got nil", err.message)
    all, err = methods.all_templates(state, "a/b")
    assert.is_nil(all)
    assert.matches("^job_id: ", err.message)
  end)

  it("tells versions of one script apart", function()
    local versions = { { id = "s", version_id = "v1" }, { id = "s", version_id = "v2" }, total = 2 }
    local state = open(function() return versions end)
    assert.are.equal(2, #methods.all_script_versions(state, { script_id = "s" }))
  end)

  it("knows every list of the service", function()
    local names = {}
    for name in pairs(walks.lists) do names[#names + 1] = name end
    table.sort(names)
    assert.are.same({ "jobs", "script_versions", "scripts", "templates", "workflows" }, names)
  end)
end)

describe("an iterator", function()
  local process = require "spec.support.process"
  local PROJECT = ("0123456789abcdef"):rep(2)
  local simulator
  local options

  setup(function()
    local ids = {}
    for i = 1, 23 do ids[i] = ("wf-%02d"):format(i) end
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = ids }
    options = { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  it("drives a for loop", function()
    local c = require("aom").client(options)
    local count = 0
    for workflow in c:workflows { size = 10 } do
      assert.is_string(workflow.id)
      count = count + 1
    end
    assert.are.equal(23, count)
    assert.are.equal(3, simulator.state().counts.total)
    c:close()
  end)

  it("raises an error where it happens", function()
    local c = require("aom").client(options)
    local ok, err = pcall(c.workflows, c, { typ = "cron" })
    assert.is_false(ok)
    assert.are.equal("argument", err.kind)
    simulator.script { { status = 403 } }
    local step = c:workflows()
    ok, err = pcall(step)
    assert.is_false(ok)
    assert.are.equal(403, err.status)
    assert.is_nil((step()))
    c:close()
  end)

  local SHORT = {
    { match = "workflow-list", status = 200, body = '{"elements":[{"id":"a"}],"total_elements":3}' },
    { match = "workflow-list", status = 200, body = '{"elements":[],"total_elements":3}' },
    { match = "workflow-list", status = 400 },
  }

  it("ends with an error if the list is incomplete", function()
    local c = require("aom").client(options)
    simulator.script(SHORT)
    local seen = 0
    local ok, err = pcall(function()
      for _ in c:workflows() do seen = seen + 1 end
    end)
    assert.is_false(ok)
    assert.are.equal("protocol", err.kind)
    assert.matches("total of 3 and sent 1", err.message)
    assert.are.equal(1, seen)
    simulator.script(SHORT)
    seen = 0
    for _ in c:workflows { allow_partial = true } do seen = seen + 1 end
    assert.are.equal(1, seen)
    c:close()
    c = require("aom.safe").client(options)
    simulator.script(SHORT)
    seen = {}
    for workflow, failure in c:workflows() do seen[#seen + 1] = workflow or failure.kind end
    assert.are.equal("protocol", seen[2])
    assert.are.equal(2, #seen)
    c:close()
  end)

  it("begins at page 0 if asked to", function()
    local c = require("aom").client(options)
    assert.are.equal(23, #c:all_workflows { page = 0, size = 10 })
    assert.are.equal(10, #c:list_workflows({ page = 0, size = 10 }).elements)
    c:close()
  end)

  it("of aom.safe has one more iteration for an error", function()
    local c = assert(require("aom.safe").client(options))
    local seen = {}
    for workflow, err in c:workflows { typ = "cron" } do seen[#seen + 1] = { workflow, err } end
    assert.are.equal(1, #seen)
    assert.is_false(seen[1][1])
    assert.are.equal("argument", seen[1][2].kind)
    simulator.script { { match = "workflow-list", status = 403 } }
    seen = {}
    for workflow, err in c:workflows() do seen[#seen + 1] = { workflow, err } end
    assert.are.equal(1, #seen)
    assert.are.equal(403, seen[1][2].status)
    c:close()
    for workflow, err in c:workflows() do
      assert.is_false(workflow)
      assert.matches("closed", err.message)
    end
  end)
end)
