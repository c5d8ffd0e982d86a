--- Proves, counted at the server, that a wrong key costs two signatures in every host, in
--- whichever way it is used.

local hosts = require "spec.matrix.hosts"
local process = require "spec.support.process"

-- This Lua, and what is built with it.
local lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
local built_with = { luv = "lua5.4", neovim = "luajit", ["nginx-curl"] = "luajit", ["nginx-resty"] = "luajit" }

local PROJECT = ("0123456789abcdef"):rep(2)

-- Calls made, and requests that are answered before the signature is looked at.
local ways = {
  { "in_turn", 20 }, { "clients", 20 }, { "operations", 20 }, { "callbacks", 20 }, { "bulk", 100 },
  { "interrupted", 100, 6 },
}

--- A refused signature after each of these: what comes in between must not clear the count.
local function interruptions()
  local list = {}
  for _, status in ipairs { 429, 500, 502, 503, 504, 408 } do
    list[#list + 1] = { match = "interrupted", status = status }
    list[#list + 1] = { match = "interrupted", delay = 0 }
  end
  return list
end

local function tests(host)
  describe("in " .. host.name, function()
    local simulator, state, output

    local function key_of(way) return ("%s-%s"):format(host.name, way):upper():gsub("%W", "") end

    setup(function()
      simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, latency = 0.01 }
      local list, keys = { probe = "spec/support/wrong_keys.lua", ca_file = "/etc/ssl/certs/ca-certificates.crt" }, {}
      for i, way in ipairs(ways) do
        local ak = key_of(way[1])
        keys[ak] = { sk = "right" }
        list[i] = { name = way[1], options = { endpoint = simulator.url, project_id = PROJECT, ak = ak, sk = "wrong",
          proxy = "" } }
      end
      simulator.set { keys = keys }
      simulator.script(interruptions())
      output = host.run(list)
      state = simulator.state()
      simulator.stop()
    end)

    for _, way in ipairs(ways) do
      it(("a wrong key that is used in %d calls sends two signatures: %s"):format(way[2], way[1]), function()
        assert.matches(("%s %d\n"):format(way[1], way[2]), output .. "\n", 1, true)
        assert.are.equal(2, state.counts.signature_failures[key_of(way[1])])
      end)
    end
  end)
end

for _, host in ipairs(hosts) do
  if (built_with[host.name] or host.name) == lua then tests(host) end
end
