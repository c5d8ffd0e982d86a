--- Proves what nginx's workers share of a refused key: all of it, if the library was loaded before they were
--- forked, or if there is a shared dictionary.

local nginx = require "spec.support.nginx"
local requests = require "spec.support.load"
local process = require "spec.support.process"

local SK, PROJECT = "workers-secret", ("0123456789abcdef"):rep(2)

describe("two workers of nginx", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = "A", sk = SK, project = PROJECT, workflows = { "wf-1" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function()
    simulator.reset()
    simulator.set { latency = 0.02 }
  end)

  local function start(given)
    return nginx.start {
      workers = 2, path = given.transport == "resty" and nginx.resty_path() or nil,
      http = ("%s\n%s\n%s"):format(given.dictionary and "lua_shared_dict aom 1m;" or "",
        given.cache == false and "lua_code_cache off;" or "",
        given.preload and 'init_by_lua_block { require "aom" }' or ""),
      server = ([[
        location = /call {
          content_by_lua_block {
            local client = require("aom.safe").client { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "",
              transport = %q }
            local result, err = client:trigger("wf-1", "enable")
            ngx.say(ngx.worker.id(), " ", result and "success" or err.status or err.kind, " ", err and err.code)
          }
        }
      ]]):format(simulator.url, PROJECT, given.ak, given.sk or "wrong", given.transport or "curl"),
    }
  end

  --- Calls until each worker has answered six times, or for long enough.
  local function ask_both(server, status)
    local answers = { ["0"] = 0, ["1"] = 0 }
    local tries = 0
    while math.min(answers["0"], answers["1"]) < 6 and tries < 400 do
      -- Several at once, so that one worker does not take them all.
      for _, answer in ipairs((requests.at_once(server.url .. "/call", 6))) do
        local worker, seen = answer.body:match "^(%d) (%w+)"
        assert.are.equal(status, seen)
        answers[worker] = answers[worker] + 1
      end
      tries = tries + 6
    end
    assert.is_true(math.min(answers["0"], answers["1"]) >= 2, "one worker took all requests")
    return answers["0"] + answers["1"]
  end

  local hosts = {
    { "that preload the library", { preload = true } },
    { "that preload the library, with a dictionary", { preload = true, dictionary = true } },
    { "with a dictionary", { dictionary = true } },
    { "without a code cache, that preload the library", { preload = true, cache = false } },
    { "without a code cache, with a dictionary", { dictionary = true, cache = false } },
    { "without a code cache, that preload the library, with a dictionary",
      { preload = true, dictionary = true, cache = false } },
    { "over lua-resty-http, that preload the library", { preload = true, transport = "resty" } },
  }

  for i, host in ipairs(hosts) do
    it(host[1] .. " send two wrong signatures together", function()
      host[2].ak = "SHARED" .. i
      local server = start(host[2])
      ask_both(server, "401")
      server:stop()
      assert.are.equal(2, simulator.state().counts.total)
    end)
  end

  it("stop separately if nothing is shared", function()
    local server = start { ak = "UNSHARED" }
    ask_both(server, "401")
    server:stop()
    assert.are.equal(4, simulator.state().counts.total)
  end)

  it("all continue once one of them was accepted", function()
    local server = start { ak = "A", sk = SK, preload = true, dictionary = true, cache = false }
    local calls = ask_both(server, "success")
    server:stop()
    assert.are.equal(calls, simulator.state().counts.total)
  end)
end)
