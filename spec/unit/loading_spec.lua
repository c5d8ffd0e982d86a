--- Proves that every module of the library loads by itself, though most are loaded only when they are used first,
--- and that a call loads no others than it needs.

local lazy = require "aom.util.lazy"
local process = require "spec.support.process"

local quote = process.quote
local lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"

local function run(script)
  local path = process.temporary(script)
  local output = process.run(("cd %s && timeout 60 %s %s 2>&1"):format(quote(process.root), lua, quote(path)))
  os.remove(path)
  return output
end

--- The modules of the library, but for those of the simulator, which is a rock of its own.
local function modules()
  local list = {}
  for path in process.run(("cd %s/lua && find aom aom.lua -name '*.lua' | sort"):format(quote(process.root)))
    :gmatch "[^\n]+" do
    local name = path:gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    if not name:find "^aom%.simulator" then list[#list + 1] = name end
  end
  return list
end

describe("a module", function()
  it("loads by itself, whichever is the first", function()
    local list = modules()
    assert.is_true(#list > 100)
    -- One process, but nothing of the library stays loaded from one to the next.
    local output = run(([[
      local core = require "aom.core"
      for _, name in ipairs { %s } do
        for loaded in pairs(package.loaded) do
          if loaded:find "^aom" and loaded ~= "aom.core" then package.loaded[loaded] = nil end
        end
        local ok, why = pcall(require, name)
        if not ok then print(name, why) end
      end
      print "all"]]):format("'" .. table.concat(list, "', '") .. "'"))
    assert.are.equal("all\n", output)
  end)
end)

describe("a script that makes one call", function()
  local simulator
  setup(function()
    simulator = process.simulator { ak = "LOADINGKEY", sk = "loading", project = ("0"):rep(32), workflows = { "wf-1" } }
  end)
  teardown(function() simulator.stop() end)

  local LONG = "client.pages client.waiter client.window.pause client.window.resume client.doctor"

  -- What each call loads, what it does without, and whether it must succeed.
  for call, row in pairs {
    ['trigger("wf-1", "enable")'] = { "", LONG .. " client.bulk client.selection client.paginator client.log "
      .. "client.members client.more_methods client.steps client.derived client.prepared credentials.renewal "
      .. "api.operations api.documents api.fields api.refusal api.lines http.diagnose http.trouble http.retry "
      .. "http.outage_waits util.field_kinds util.headers util.json util.times loop.callback loop.scheduler "
      .. "loop.engine_waits loop.carrier loop.transfer loop.flight_waits client.arguments util.containers util.mask "
      .. "util.clock_skew util.report util.native credentials.refused credentials.remedies config.places "
      .. "credentials.providers.choice credentials.providers.elsewhere config.regions config.profile", true },
    ['enable("wf-1")'] = { "", "client.members client.more_methods client.arguments", true },
    ['request { method = "GET", path = "/v1/{project_id}/x" }'] = { "api.request", "client.more_methods" },
    ['find { name = "no" }'] = { "client.selection client.paginator", "client.bulk " .. LONG },
    ['trigger_all({ "wf-1" }, "enable")'] = { "client.bulk client.selection", LONG },
  } do
    it("loads what it needs for " .. call, function()
      local output = run(([[
        local aom = require "aom"
        local client = aom.client { endpoint = %q, project_id = %q, ak = "LOADINGKEY", sk = "loading", proxy = "",
          loop = "blocking" }
        local made, err = pcall(function() client:%s end)
        if %s and not made then print(err) end
        for name in ("%s"):gmatch "%%S+" do if not package.loaded["aom." .. name] then print(name) end end
        for name in ("%s"):gmatch "%%S+" do if package.loaded["aom." .. name] then print(name) end end
        print(client.close and "done")]]):format(simulator.url, ("0"):rep(32), call,
        tostring(row[3]), row[1], row[2]))
      assert.are.equal("done\n", output)
    end)
  end
end)

describe("a module that is loaded at its first use", function()
  local names = { "aom.spec_outer", "aom.spec_inner" }
  after_each(function()
    for _, name in ipairs(names) do package.loaded[name], package.preload[name] = nil, nil end
    rawset(_G, "ngx", nil)
  end)

  local function provide(inner)
    package.preload["aom.spec_outer"] = function() return { value = require("aom.spec_inner").value } end
    package.preload["aom.spec_inner"] = inner
  end

  it("is loaded once", function()
    local count = 0
    provide(function()
      count = count + 1
      return { value = count }
    end)
    local module = lazy "aom.spec_outer"
    assert.are.equal(0, count)
    assert.are.equal(1, module.value)
    assert.are.equal(1, module.value)
    assert.is_nil(module.other)
    assert.are.equal(1, count)
  end)

  it("can be loaded after memory was short", function()
    provide(function() error("not enough memory", 0) end)
    local module = lazy "aom.spec_outer"
    for _ = 1, 2 do
      local ok, why = pcall(function() return module.value end)
      assert.is_false(ok)
      assert.are.equal("not enough memory", why)
    end
    provide(function() return { value = "there" } end)
    assert.are.equal("there", module.value)
  end)

  it("is loaded at once in nginx", function()
    rawset(_G, "ngx", { get_phase = function() return "init" end })
    provide(function() return { value = 1 } end)
    assert.are.equal(lazy "aom.spec_outer", package.loaded["aom.spec_outer"])
  end)
end)
