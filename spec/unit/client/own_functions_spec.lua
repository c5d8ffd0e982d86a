--- Proves what becomes of errors that a user's own functions raise: a call raises them again,
--- one of aom.safe too; a callback gets a `cancelled` error.

local aom = require "aom"
local cjson = require "cjson"
local safe = require "aom.safe"
local scripted = require "spec.support.scripted"
local world_of = require "spec.support.world"

local LIST = { status = 200, body = '{"elements":[{"id":"1","name":"b"}],"total_elements":1}' }
local SWITCHED = { status = 200, body = '{"success"}' }
local ENDED = { status = 200, body = cjson.encode { execution_id = "e", status = "success" } }

local function boo() error("boo", 0) end

local EXECUTION = { workflow_id = "w", execution_id = "e" }

local cases = {
  ["match"] = { { LIST }, "trigger_all", { match = boo }, "enable", {} },
  ["on_result"] = { { SWITCHED }, "trigger_all", { "1" }, "enable", { on_result = boo } },
  ["on_result of request_all"] =
    { { SWITCHED }, "request_all", { { method = "GET", path = "/v1" } }, { on_result = boo } },
  ["on_progress"] = { { ENDED }, "wait", EXECUTION, { on_progress = boo } },
  ["match of pause"] = { { LIST }, "pause", { match = boo, dry_run = true } },
}

describe("an error of a user's own function,", function()
  for name, case in pairs(cases) do
    local method, given = case[2], { case[3], case[4], case[5] }

    local function open(face)
      return assert(face.client(scripted.options(scripted.new(world_of.new(), case[1]))))
    end

    for face_name, face in pairs { aom = aom, ["aom.safe"] = safe } do
      it(("%s, is raised as it is by a call of %s"):format(name, face_name), function()
        local client = open(face)
        assert.are.same({ false, "boo" }, { pcall(client[method], client, given[1], given[2], given[3]) })
      end)
    end

    it(name .. ", is a cancelled error for a callback", function()
      local client, seen = open(safe), nil
      given[#given + 1] = function(err) seen = err end
      pcall(client[method], client, (table.unpack or unpack)(given))
      assert.are.equal("cancelled", seen.kind)
      assert.matches("boo$", seen.message)
    end)
  end
end)
