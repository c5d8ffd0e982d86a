--- Proves that calls end although a script closes all handles of libuv's loop meanwhile, ours too: as soon as
--- another call or callback of the library runs.

local aom = require "aom"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local uv = require "luv"
local uvloop = require "spec.support.uvloop"

local PROJECT = ("0123456789abcdef"):rep(2)

local function close_all()
  uv.walk(function(handle) if not uv.is_closing(handle) then uv.close(handle) end end)
end

-- What begins, and how many requests it makes.
local CALLS = {
  { "a callback", function(c, done) c:enable("wf-1", done) end },
  { "a coroutine", function(c, done) coroutine.wrap(function() done(nil, c:enable "wf-1") end)() end },
  { "a coroutine that makes two calls", function(c, done)
    coroutine.wrap(function()
      c:enable "wf-1"
      done(nil, c:enable "wf-1")
    end)()
  end },
  { "a bulk", function(c, done)
    c:trigger_all({ "wf-1", "wf-1", "wf-1", "wf-1", "wf-1" }, "enable", { concurrency = 2 }, done)
  end },
  { "a retry", function(c, done) c:enable("wf-1", done) end, status = 503 },
}

-- When a script closes the handles. A request takes 0.2 seconds, and the retry waits longer for its turn.
local MOMENTS = {
  { "before the loop runs", function(start)
    start()
    close_all()
  end },
  { "while a request is on its way", function(start)
    start()
    uvloop.after(0.1, close_all)
  end },
  { "in another call's callback", function(start, c)
    c:enable("wf-1", close_all)
    uvloop.after(0.1, start)
  end },
}

for _, kind in ipairs { "http", "https" } do
  describe("under luv over " .. kind, function()
    local simulator, c

    setup(function()
      simulator = process.simulator { ak = "A", sk = "S", project = PROJECT, workflows = { "wf-1" },
        tls = kind == "https", latency = 0.2 }
    end)
    teardown(function() simulator.stop() end)
    before_each(function()
      simulator.reset()
      c = aom.client { endpoint = simulator.url, project_id = PROJECT, ca_file = simulator.ca_file, proxy = "",
        ak = "A", sk = "S", loop = "uv", timeout = 20 }
      c:enable "wf-1"
    end)
    after_each(function() c:close() end)

    for _, call in ipairs(CALLS) do
      for _, moment in ipairs(MOMENTS) do
        it(("%s ends whose handles were closed %s"):format(call[1], moment[1]), function()
          local ended, err, result, other = 0, nil, nil, nil
          if call.status then simulator.script { { status = call.status }, { status = call.status } } end
          moment[2](function()
            call[2](c, function(e, r) ended, err, result = ended + 1, e, r end)
          end, c)
          uv.run()
          c:enable("wf-1", function(_, r) other = r end)
          uvloop.run(patience.of(10))
          assert.is_true(other.success)
          assert.are.equal(1, ended)
          assert.is_nil(err)
          assert.is_true(result.success or result.succeeded == 5)
        end)
      end
    end

    it("a call that blocks ends those whose handles were closed", function()
      local ended = 0
      for _ = 1, 3 do c:enable("wf-1", function(e) ended = ended + (e and 0 or 1) end) end
      uvloop.after(0.1, close_all)
      uv.run()
      assert.is_true(c:enable("wf-1").success)
      uvloop.run()
      assert.are.equal(3, ended)
    end)
  end)
end
