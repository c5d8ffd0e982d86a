local cjson = require "cjson"
local client = require "aom.client"
local pages = require "aom.pages"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

--- A client at a service whose answer to a page's number `serve` makes.
local function open(serve)
  local world = world_of.new()
  local asked = {}
  local loop = scripted.new(world, { function(attempt)
    local body = cjson.decode(attempt.body)
    asked[#asked + 1] = body
    local answer = serve(body.page or body.page_num, body.size or body.page_size, #asked)
    if answer.status then return { status = answer.status, headers = {}, body = "" } end
    local encoded = { total_elements = answer.total }
    local elements = {}
    for i, id in ipairs(answer) do elements[i] = type(id) == "table" and id or { id = id } end
    encoded.elements = elements[1] and elements or nil
    local text = cjson.encode(encoded)
    if not elements[1] then text = text:gsub("}$", (answer.total and "," or "") .. '"elements":[]}') end
    return { status = 200, headers = {}, body = text }
  end })
  return assert(client.open(scripted.options(loop), world)), asked
end

local function ids_of(list)
  local ids = {}
  for i, element in ipairs(list) do ids[i] = element.id end
  return table.concat(ids, " ")
end

local function walk(serve, filter)
  local state, asked = open(serve)
  local all, err = client.methods.all_workflows(state, filter)
  return all and ids_of(all), #asked, err, all and #all
end

--- A list that is cut into pages.
local function cut(ids, page, size, total)
  local part = { total = total }
  for i = (page - 1) * size + 1, math.min(page * size, #ids) do part[#part + 1] = ids[i] end
  return part
end

describe("a walk over pages", function()
  local FIVE = { "a", "b", "c", "d", "e" }

  for name, case in pairs {
    ["ends with the total"] = { function(page, size) return cut(FIVE, page, size, 5) end, "a b c d e", 3 },
    ["ends with a short page when there is no total"] = { function(page, size) return cut(FIVE, page, size) end,
      "a b c d e", 3 },
    ["ends with an empty page when there is no total"] = {
      function(page, size) return cut({ "a", "b", "c", "d" }, page, size) end, "a b c d", 3 },
    ["ends at once when there is nothing"] = { function() return { total = 0 } end, "", 1 },
    ["goes on after a short page while the total says more"] = {
      function(page) return ({ { "a", total = 3 }, { "b", "c", total = 3 } })[page] end, "a b c", 2 },
    ["ends at an empty page, whatever the total"] = {
      function(page) return ({ { "a", "b", total = 99 }, { total = 99 } })[page] end, "a b", 2 },
    ["ends when the total shrinks"] = {
      function(page) return ({ { "a", "b", total = 99 }, { "c", "d", total = 4 } })[page] end, "a b c d", 2 },
    ["goes on when the total grows"] = {
      function(page) return ({ { "a", "b", total = 2 + 1 }, { "c", "d", total = 5 }, { "e", total = 5 } })[page] end,
      "a b c d e", 3 },
    ["ends at a service that sends one page for ever"] = {
      function() return { "a", "b", total = 1000 } end, "a b", 2 },
    ["ends at a service that sends one page for ever, of what has no ids"] = {
      function() return { { n = 1 }, { n = 2 }, total = 1000 } end, "", 2, 2 },
    ["ends at a service that sends one page for ever in new words"] = {
      function(_, _, n) return { { id = "a", n = n }, { id = "b", n = n }, total = 1000 } end, "a b", 2 },
    ["skips what has moved to a later page"] = {
      function(page) return ({ { "a", "b", total = 4 }, { "b", "c", total = 4 } })[page] end, "a b c", 2 },
  } do
    it(name, function()
      local ids, asked, err, count = walk(case[1], { size = 2 })
      assert.is_nil(err)
      assert.are.equal(case[2], ids)
      assert.are.equal(case[3], asked)
      if case[4] then assert.are.equal(case[4], count) end
    end)
  end

  it("asks for the longest pages, from the first, unless told otherwise", function()
    local state, asked = open(function() return { total = 0 } end)
    client.methods.all_workflows(state, { type = "cron" })
    assert.are.same({ sort_field = "create_time", sort_type = "ASC", page = 1, size = 100, type = "cron" }, asked[1])
    client.methods.all_jobs(state, { page_num = 3, page_size = 7, name = "x" })
    assert.are.equal(3, asked[2].page_num)
    assert.are.equal(7, asked[2].page_size)
  end)

  it("asks lazily", function()
    local state, asked = open(function(page, size) return cut(FIVE, page, size, 5) end)
    local it = assert(client.walks.workflows(state, { size = 2 }))
    assert.are.equal(0, #asked)
    it:next()
    it:next()
    assert.are.equal(1, #asked)
    it:next()
    assert.are.equal(2, #asked)
  end)

  it("does not change the filter it was given", function()
    local filter = { size = 2 }
    walk(function(page, size) return cut(FIVE, page, size, 5) end, filter)
    assert.are.same({ size = 2 }, filter)
  end)

  it("tells of an error, and asks for the same page again", function()
    local state, asked = open(function(page, size, n)
      return n == 2 and { status = 403 } or cut(FIVE, page, size, 5)
    end)
    local it = assert(client.walks.workflows(state, { size = 2 }))
    it:next()
    it:next()
    local element, err = it:next()
    assert.is_nil(element)
    assert.are.equal(403, err.status)
    assert.are.equal("c", it:next().id)
    assert.are.equal(2, asked[3].page)
  end)

  it("says when the service has no further page, since it would begin anew", function()
    local state = open(function(page) return { "x" .. page, total = 5000 } end)
    local all, err = client.methods.all_scripts(state, { page_size = 1 })
    assert.is_nil(all)
    assert.are.equal("protocol", err.kind)
    assert.matches("100 pages", err.message)
  end)

  it("refuses a bad filter before it asks", function()
    local state, asked = open(function() return { total = 0 } end)
    for _, filter in ipairs { { typ = "cron" }, { size = 1000 }, 5 } do
      local walked, err = client.walks.workflows(state, filter)
      assert.is_nil(walked)
      assert.are.equal("argument", err.kind)
    end
    assert.are.equal(0, #asked)
  end)

  it("takes the id that a list belongs to", function()
    local state = open(function() return { "t", total = 1 } end)
    assert.are.equal("t", ids_of(client.methods.all_templates(state, "job-1")))
    local all, err = client.methods.all_templates(state)
    assert.is_nil(all)
    assert.matches("job_id: expected a string of 1 to 64 bytes, got nil", err.message)
    all, err = client.methods.all_templates(state, "a/b")
    assert.is_nil(all)
    assert.matches("^job_id: ", err.message)
  end)

  it("tells versions of one script apart", function()
    local versions = { { id = "s", version_id = "v1" }, { id = "s", version_id = "v2" }, total = 2 }
    local state = open(function() return versions end)
    assert.are.equal(2, #client.methods.all_script_versions(state, { script_id = "s" }))
  end)

  it("knows every list of the service", function()
    local names = {}
    for name in pairs(pages.lists) do names[#names + 1] = name end
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
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = ids, lifetime = 60 }
    options = { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  it("turns a for loop", function()
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

  it("of aom.safe has one more turn for an error", function()
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
