--- Proves that threads of one process, each with its own Lua state, share what is known of a key.

local process = require "spec.support.process"
local uv = require "luv"

local PROJECT = ("0123456789abcdef"):rep(2)

describe("threads of luv", function()
  local simulator
  setup(function()
    simulator = process.simulator { ak = "THREADS", sk = "right", project = PROJECT, workflows = { "wf-1" } }
  end)
  teardown(function() simulator.stop() end)

  --- Runs a bulk in each thread, which writes the number of its successful calls to a file.
  local function run(sk, latency)
    simulator.reset()
    simulator.set { latency = latency }
    local threads, files = {}, {}
    for i = 1, 6 do
      files[i] = process.temporary ""
      threads[i] = uv.new_thread(function(url, project, key, path)
        local safe = require "aom.safe"
        local client = assert(safe.client { endpoint = url, project_id = project, ak = "THREADS", sk = key, proxy = "",
          loop = "blocking" })
        local ids = {}
        for n = 1, 20 do ids[n] = "wf-1" .. (n > 1 and "-" .. n or "") end
        local report = assert(client:trigger_all(ids, "enable", { concurrency = 16 }))
        local sent, message = 0, ""
        for _, entry in ipairs(report) do
          if entry.result then sent = sent + 1 end
          if entry.error then message = entry.error.code or "" end
        end
        local file = io.open(path, "w")
        file:write(sent, " ", message)
        file:close()
      end, simulator.url, PROJECT, sk, files[i])
    end
    local outcomes = {}
    for i, thread in ipairs(threads) do
      thread:join()
      local file = io.open(files[i])
      outcomes[i] = file:read "*a"
      file:close()
      os.remove(files[i])
    end
    return outcomes, simulator.state().counts.total
  end

  it("send two wrong signatures in total", function()
    local outcomes, total = run("wrong-" .. tostring({}), 0.05)
    assert.are.equal(2, total)
    for _, outcome in ipairs(outcomes) do assert.are.equal("0 APIGW.0301", outcome) end
  end)

  it("all continue once one of them was accepted", function()
    local outcomes, total = run("right", 0.02)
    assert.are.equal(120, total)
    for _, outcome in ipairs(outcomes) do assert.matches("^1 ", outcome) end
  end)
end)
