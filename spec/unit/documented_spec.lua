--- Proves that the documents and the types for editors name what exists.

local paginator = require "aom.client.paginator"
local methods = require "aom.client.methods"
local pages = require "aom.client.pages"
local process = require "spec.support.process"
local safe = require "aom.safe"

local function read(path)
  local file = assert(io.open(process.root .. "/" .. path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local configuration = read "doc/configuration.md"
local events = read "doc/events.md"
local types = read "lua/aom/types/aom.lua"
local values = read "lua/aom/types/values.lua"

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

  it("is a field of its type, and nothing else is", function()
    assert.are.same(known, fields_of "ClientOptions")
  end)
end)

describe("an event", function()
  local call = read "lua/aom/http/exchange.lua" .. read "lua/aom/http/events.lua"

  it("is documented, and in its type", function()
    local count = 0
    for name in call:gmatch 'emit%(self, "(%w+)"' do
      count = count + 1
      assert.truthy(events:find("\n| `" .. name .. "` |", 1, true), name)
      assert.truthy(values:match("@field event [^\n]*\"" .. name .. '"'), name)
    end
    assert.are.equal(7, count)
  end)
end)

describe("a function", function()
  local official = {}
  for _, row in pairs(require "aom.api.operations") do official[row.official_name] = true end

  for _, group in ipairs { { "client:", methods }, { "client:", paginator.walks },
    { "client:", pages.walks }, { "aom.", safe } } do
    for name in pairs(group[2]) do
      if not official[name] and name ~= "execute_workflow" then
        it(name .. " has its type", function()
          assert.truthy(types:find("\nfunction " .. group[1] .. name .. "(", 1, true))
        end)
      end
    end
  end

  it("has no type without a function", function()
    for owner, name in types:gmatch "\nfunction (%w+)[.:]([%w_]+)%(" do
      assert.truthy(owner == "aom" and safe[name] or methods[name] or paginator.walks[name] or pages.walks[name],
        name)
    end
  end)
end)

describe("a version", function()
  it("has a type for every field", function()
    local fields = fields_of "Versions"
    for name in pairs(safe.version()) do assert.is_true(fields[name], name) end
  end)
end)
