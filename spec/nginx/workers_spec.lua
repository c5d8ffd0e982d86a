--- What nginx's workers share, and what they do not: the knowledge of a refused key,
--- where there is a shared dictionary for it, and nothing else.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local SK, PROJECT = "workers-secret", ("0123456789abcdef"):rep(2)

describe("two workers of nginx", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = "A", sk = SK, project = PROJECT, workflows = { "wf-1" }, lifetime = 120 }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  local function start(ak, dictionary)
    return nginx.start {
      workers = 2,
      http = ([[
        %s
        init_by_lua_block {
          client = require("aom.safe").client { endpoint = %q, project_id = %q, ak = %q, sk = "wrong", proxy = "" }
        }
      ]]):format(dictionary and "lua_shared_dict aom 1m;" or "", simulator.url, PROJECT, ak),
      server = [[
        location = /call {
          content_by_lua_block {
            local result, err = client:trigger("wf-1", "enable")
            ngx.say(ngx.worker.id(), " ", result and "success" or err.status or err.kind, " ", err and err.code)
          }
        }
      ]],
    }
  end

  --- Calls until each worker has answered six times, or for long enough.
  local function ask_both(server)
    local answers = { ["0"] = 0, ["1"] = 0 }
    local tries = 0
    while math.min(answers["0"], answers["1"]) < 6 and tries < 400 do
      -- Several at once, so that one worker does not take them all.
      local output = process.run(("for i in 1 2 3 4; do curl --silent --noproxy '*' %s/call & done; wait"):format(
        server.url))
      for worker, status in output:gmatch "(%d) (%w+)" do
        assert.are.equal("401", status)
        answers[worker] = answers[worker] + 1
      end
      tries = tries + 4
    end
    assert.is_true(math.min(answers["0"], answers["1"]) >= 2, "one worker took all requests")
  end

  it("stop together after two refusals of a key, by lua_shared_dict aom", function()
    local server = start("SHARED", true)
    ask_both(server)
    server:stop()
    local total = simulator.state().counts.total
    -- Both may send their first at the same moment.
    assert.is_true(total >= 2 and total <= 3, total)
  end)

  it("stop each for itself without it", function()
    local server = start("UNSHARED", false)
    ask_both(server)
    server:stop()
    assert.are.equal(4, simulator.state().counts.total)
  end)
end)
