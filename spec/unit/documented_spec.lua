--- Proves that the documents and the types for editors name what exists.

local iterators = require "aom.client.iterators"
local methods = require "aom.client.methods"
local more_methods = require "aom.client.more_methods"
local process = require "spec.support.process"
local safe = require "aom.safe"
local walks = require "aom.client.walks"

local function read(path)
  local file = assert(io.open(process.root .. "/" .. path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local configuration = read "doc/configuration.md"
local events = read "doc/events.md"
local types = { aom = read "lua/aom/types/aom.lua", safe = read "lua/aom/types/safe.lua" }
local values = read "lua/aom/types/values.lua"
local reference = read "doc/reference.md"

--- The fields of a class among the types.
local function fields_of(class)
  local block = assert(values:match("%-%-%-@class aom%." .. class .. "\n(.-)\n\n"), class)
  local fields = {}
  for name in block:gmatch "%-%-%-@field ([%w_]+)" do fields[name] = true end
  return fields
end

describe("an option of a client", function()
  local known = {}
  for name in pairs(require "aom.config.options".client) do known[name] = true end

  for name in pairs(known) do
    it(name .. " is documented", function() assert.truthy(configuration:find("`" .. name .. "`", 1, true)
      or configuration:find("`" .. name .. " = ", 1, true)) end)
  end

  it("is in the reference, with its meaning", function()
    local section = reference:match "\n### aom.ClientOptions\n(.-)\n### "
    local rows = require "aom.config.options".client
    for name in pairs(rows) do assert.truthy(section:find("\n| `" .. name .. "` | [^\n]+ |\n"), name) end
    for _, text in ipairs(require "spec.support.doc.options") do assert.truthy(rows[text[1]], text[1]) end
  end)
end)

-- The options of methods that annotations describe, and the rows that check them.
for class, rows in pairs {
  BulkOptions = require "aom.client.bulk".options, WaitOptions = require "aom.client.waiter".options,
  AnyRequest = require "aom.api.request".rows,
} do
  describe(class, function()
    it("has a field for each row, and no other", function()
      local known = {}
      for name in pairs(rows) do known[name] = true end
      assert.are.same(known, fields_of(class))
    end)
  end)
end

describe("a field of an operation", function()
  for name, row in pairs(require "aom.api.operations") do
    it("is in the reference, with its meaning: " .. name, function()
      local section = reference:match("\n### client:" .. (name == "execute_workflow" and "execute" or name)
        .. "\n(.-)\n###? ")
      assert.truthy(section:find("https://support.huaweicloud.com/api-aom/" .. row.official .. ".html", 1, true))
      for _, field in ipairs(row.fields or {}) do
        assert.truthy(field.meaning, field.name)
        assert.truthy(section:find("\n| `" .. field.name .. "`[^\n]+ |\n"), field.name)
      end
      for _, argument in ipairs(row.arguments) do assert.truthy(row.parameters[argument].meaning, argument) end
    end)
  end
end)

describe("a field of what the service lists", function()
  -- All that the service's reference says of a workflow and of an execution.
  local documented = {
    Workflow = "id name type description create_by update_by template_name template_id last_execution_id status "
      .. "job_name job_id service_scenario service_name task_type project_id workflow_id task_status output trigger_id "
      .. "trigger_status approve_id enterprise_project_id last_execute_by create_time update_time "
      .. "last_execution_start_time last_execution_end_time edit_time is_delete citation_urns quote "
      .. "execution_action_rules execution_permission tags input nodes global_parameters steps template_i18n",
    Execution = "workflow_id execution_id status begin_time end_time last_update_time created_by "
      .. "approve_user_name_list execution_result_list project_id workflow_edit_time last_record_id_with_snapshot",
  }
  for class, names in pairs(documented) do
    it("is in the reference: aom." .. class, function()
      local section = reference:match("\n### aom." .. class .. "\n(.-)\n###? ")
      for name in names:gmatch "%S+" do
        local line = section:match("\n| `" .. name .. "` | ([^\n]+) |\n")
        assert.truthy(line, name)
        assert.are.equal(name:find "_time$" ~= nil, line:find "milliseconds since 1970" ~= nil, name)
      end
    end)
  end
end)

describe("an event", function()
  local call = read "lua/aom/http/exchange.lua" .. read "lua/aom/http/events.lua" .. read "lua/aom/http/trouble.lua"

  it("is documented, and in its type", function()
    local count = 0
    for name in call:gmatch 'emit%(%a+, "(%w+)"' do
      count = count + 1
      assert.truthy(events:find("\n| `" .. name .. "` |", 1, true), name)
      assert.truthy(values:match("@field event [^\n]*\"" .. name .. '"'), name)
    end
    assert.are.equal(7, count)
  end)
end)

describe("a function", function()
  local official = {}
  for _, row in pairs(require "aom.api.operations") do official[row.official_name] = row.name end

  local function defined(text, owner, name)
    return text:find("\nfunction " .. owner .. name .. "(", 1, true)
      or owner == "client:" and text:find("\nclient." .. name .. " = client.", 1, true)
  end

  local groups = { { "client:", methods }, { "client:", more_methods }, { "client:", walks.begin }, { "aom.", safe } }
  for _, group in ipairs(groups) do
    for name in pairs(group[2]) do
      it(name .. " has its types and its page", function()
        assert.truthy(defined(types.aom, group[1], name))
        assert.truthy(defined(types.safe, group[1]:gsub("aom", "safe"), name))
        if not official[name] and name ~= "execute_workflow" then
          assert.truthy(reference:find("\n### " .. group[1] .. name .. "\n", 1, true))
        end
      end)
    end
  end

  it("that returns an iterator is known as such before it is loaded", function()
    local names = {}
    for name in pairs(walks.begin) do names[#names + 1] = name end
    local known = { (table.unpack or unpack)(iterators.names) }
    table.sort(names)
    table.sort(known)
    assert.are.same(names, known)
  end)

  it("has no type without a function", function()
    for face, text in pairs(types) do
      for owner, name in text:gmatch "\nfunction (%w+)[.:]([%w_]+)%(" do
        assert.truthy(owner == face and safe[name] or methods[name] or walks.begin[name], name)
      end
    end
  end)
end)

describe("a version", function()
  it("has a type for every field", function()
    local fields = fields_of "Versions"
    for name in pairs(safe.version()) do assert.is_true(fields[name], name) end
  end)
end)
