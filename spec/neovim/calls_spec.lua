--- Proves that calls inside Neovim do not block the editor, and that the user's functions run where all of
--- Neovim's API is allowed.

local neovim = require "spec.support.neovim"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local AK, SK, PROJECT = "NVIMKEY", "nvim-secret", ("0123456789abcdef"):rep(2)

describe("in Neovim", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "wf-1" } }
  end)
  teardown(function() simulator.stop() end)
  before_each(function() simulator.reset() end)

  local function run(script)
    return neovim.run(([[
      local uv = vim.uv or vim.loop
      local aom = require "aom"
      local options = { endpoint = %q, project_id = %q, ak = %q, sk = %q, proxy = "" }
      local function wait(is_done) assert(vim.wait(10000, is_done, 5), "it took too long") end
      local notes = {}
      vim.notify = function(text) notes[#notes + 1] = text end
      -- Refused in a fast context, as most of the API is.
      local function touch() vim.api.nvim_buf_line_count(0) end
      -- uv.walk ends this Neovim, whose own handles luv does not know.
      local made = {}
      for _, name in ipairs { "new_timer", "new_poll" } do
        local new = uv[name]
        uv[name] = function(...)
          made[#made + 1] = new(...)
          return made[#made]
        end
      end
      local function handles()
        local count = 0
        for _, handle in ipairs(made) do
          if not uv.is_closing(handle) then count = count + 1 end
        end
        return count
      end
    ]]):format(simulator.url, PROJECT, AK, SK) .. script)
  end

  it("calls that follow each other on one connection are each answered at once", function()
    local answer = run [[
      options.attempt_timeout = 2
      local client = aom.client(options)
      return function(finish)
        coroutine.wrap(function()
          local attempts, walked, started = 0, 0, uv.hrtime()
          for _ = 1, 100 do attempts = attempts + client:trigger("wf-1", "enable").attempts end
          for _ = 1, 20 do
            for _ in client:workflows { size = 1 } do walked = walked + 1 end
          end
          finish { attempts = attempts, walked = walked, elapsed = (uv.hrtime() - started) / 1e9 }
        end)()
      end
    ]]
    assert.are.equal(100, answer.attempts)
    assert.are.equal(20, answer.walked)
    assert.is_true(answer.elapsed < patience.of(10), answer.elapsed)
    assert.are.equal(1, simulator.state().connections.opened)
  end)

  it("calls in another thread block there alone, and call back before they return", function()
    local answer = run [[
      return function(finish)
        local ticks, timer, signal = 0, uv.new_timer(), nil
        signal = uv.new_async(vim.schedule_wrap(function(text)
          timer:close()
          signal:close()
          finish { text = text, ticks = ticks }
        end))
        timer:start(0, 10, function() ticks = ticks + 1 end)
        uv.new_thread(function(sender, path, cpath, endpoint, project_id, ak, sk)
          package.path, package.cpath = path, cpath
          local ok, text = pcall(function()
            local aom = require "aom"
            local client = aom.client { endpoint = endpoint, project_id = project_id, ak = ak, sk = sk, proxy = "" }
            local told = { client:trigger("wf-1", "enable").action, #client:all_workflows() }
            client:disable("wf-1", function(err, result) told[3] = tostring(err) .. " " .. result.action end)
            told[4] = tostring(select(2, pcall(client.enable, client, "nothing")).status)
            client:close()
            return table.concat(told, ", ")
          end)
          sender:send(tostring(text))
        end, signal, package.path, package.cpath, options.endpoint, options.project_id, options.ak, options.sk)
      end
    ]]
    assert.are.equal("enable, 1, nil disable, 404", answer.text)
    assert.is_true(answer.ticks > 0)
  end)

  it("50 calls are in flight while a timer ticks and the user types", function()
    simulator.set { latency = 0.2 }
    local answer = run [[
      local client = aom.client(options)
      assert(client:trigger("wf-1", "enable").success)
      local last, gap, ticks = uv.hrtime(), 0, 0
      local timer = uv.new_timer()
      timer:start(10, 10, function()
        local time = uv.hrtime()
        gap, last, ticks = math.max(gap, time - last), time, ticks + 1
      end)
      local done, failed, typed = 0, 0, 0
      local started = uv.hrtime()
      for i = 1, 50 do
        client:trigger("wf-1", "enable", function(err) done, failed = done + 1, failed + (err and 1 or 0) end)
      end
      local returned = uv.hrtime() - started
      local mode
      while done < 50 do
        vim.api.nvim_feedkeys("ix\27", "xt", false)
        typed = typed + 1
        vim.wait(5)
      end
      local elapsed = uv.hrtime() - started
      timer:close()
      return { gap = gap / 1e9, ticks = ticks, elapsed = elapsed / 1e9, returned = returned / 1e9, failed = failed,
        typed = typed, text = #vim.api.nvim_get_current_line() }
    ]]
    print(("Neovim: 50 calls of 0.2 s took %.3f s; %d keys typed meanwhile, largest gap of a 10 ms timer %.1f ms")
      :format(answer.elapsed, answer.typed, answer.gap * 1000))
    assert.are.equal(0, answer.failed)
    assert.is_true(answer.elapsed < patience.of(2), answer.elapsed)
    assert.is_true(answer.returned < patience.of(0.15), answer.returned)
    assert.is_true(answer.gap < patience.of(0.15), answer.gap)
    assert.is_true(answer.ticks > 10)
    assert.is_true(answer.typed > 10, answer.typed)
    assert.are.equal(answer.typed, answer.text)
  end)

  it("insert mode stays as it is", function()
    simulator.set { latency = 0.3 }
    local answer = run [[
      local client = aom.client(options)
      -- Keys arrive one by one, as from a terminal, during the call.
      return function(finish)
        local modes, done, timer = {}, false, uv.new_timer()
        vim.api.nvim_input "iab"
        vim.defer_fn(function()
          client:trigger("wf-1", "enable", function()
            done = true
            vim.api.nvim_input "d"
          end)
          vim.api.nvim_input "c"
        end, 50)
        timer:start(70, 20, vim.schedule_wrap(function()
          modes[#modes + 1] = vim.api.nvim_get_mode().mode
          if not done or #vim.api.nvim_get_current_line() < 4 then return end
          timer:stop()
          finish { done = done, modes = modes, text = vim.api.nvim_get_current_line() }
        end))
      end
    ]]
    assert.is_true(answer.done)
    assert.is_true(#answer.modes > 5, #answer.modes)
    for _, mode in ipairs(answer.modes) do assert.are.equal("i", mode) end
    assert.are.equal("abcd", answer.text)
  end)

  it("callbacks, coroutines, hooks and providers may use the whole API", function()
    simulator.script { { status = 503 } }
    local answer = run [[
      local fast = {}
      local function note(what)
        fast[what] = vim.in_fast_event() or fast[what] or false
        touch()
      end
      options.ak, options.sk = nil, nil
      options.on_event = function(event) note(event.event) end
      options.credentials = function()
        note "provider"
        return { ak = "NVIMKEY", sk = "nvim-secret" }
      end
      local client = aom.client(options)
      local left = 2
      client:trigger("wf-1", "enable", function(err)
        note "callback"
        left = left - (err and 0 or 1)
      end)
      -- Begun inside a libuv callback.
      uv.new_timer():start(1, 0, function()
        coroutine.wrap(function()
          assert(vim.in_fast_event())
          client:trigger("wf-1", "enable")
          note "coroutine"
          left = left - 1
        end)()
      end)
      wait(function() return left == 0 end)
      return fast
    ]]
    for _, what in ipairs { "callback", "coroutine", "provider", "request", "response", "retry" } do
      assert.are.equal(false, answer[what], what)
    end
  end)

  it("a blocking call in a fast context is an error that says what to do", function()
    local text = run [[
      local client = aom.client(options)
      local text
      uv.new_timer():start(1, 0, function()
        local _, err = pcall(client.trigger, client, "wf-1", "enable")
        text = tostring(err)
      end)
      wait(function() return text end)
      return text
    ]]
    assert.matches("argument: .*vim.schedule", text)
    assert.are.equal(0, simulator.state().counts.total)
  end)

  it("the doctor asks providers where they may use the whole API, and blocks no callback of libuv's", function()
    local answer = run [[
      options.ak, options.sk = nil, nil
      local fast = "not asked"
      options.credentials = function()
        fast = vim.in_fast_event()
        return { ak = "NVIMKEY", sk = "nvim-secret" }
      end
      local report, refusal
      uv.new_timer():start(1, 0, function()
        refusal = tostring(select(2, pcall(aom.doctor, options)))
        coroutine.wrap(function() report = aom.doctor(options) end)()
      end)
      wait(function() return report end)
      return { refusal = refusal, fast = fast, access = report[#report].status }
    ]]
    assert.matches("argument: .*vim.schedule", answer.refusal)
    assert.are.equal(false, answer.fast)
    assert.are.equal("ok", answer.access)
  end)

  it("an error in a callback is notified, and affects no other call", function()
    local answer = run [[
      local client = aom.client(options)
      local done = 0
      client:trigger("wf-1", "enable", function() error "in the callback" end)
      client:trigger("wf-1", "enable", function() done = done + 1 end)
      wait(function() return done == 1 and #notes > 0 end)
      return notes[1]
    ]]
    assert.matches("in the callback", answer, 1, true)
  end)

  it("no handle is active without calls, nor after closing a client with calls in flight", function()
    simulator.set { latency = 0.1 }
    local answer = run [[
      local client = aom.client(options)
      local before, done, kinds = handles(), 0, {}
      for i = 1, 5 do client:trigger("wf-1", "enable", function() done = done + 1 end) end
      local during
      vim.wait(50)
      during = handles()
      wait(function() return done == 5 and handles() == 0 end)
      for i = 1, 5 do client:trigger("wf-1", "enable", function(err) kinds[i] = err.kind end) end
      vim.wait(30)
      client:close()
      wait(function() return #kinds == 5 and handles() == 0 end)
      return { before = before, during = during, kinds = kinds }
    ]]
    assert.is_true(answer.during > answer.before)
    assert.are.same({ "cancelled", "cancelled", "cancelled", "cancelled", "cancelled" }, answer.kinds)
  end)

  it("blocks outside of a coroutine, and Neovim may quit with calls in flight", function()
    simulator.set { latency = 0.2 }
    local answer = run [[
      local client = aom.client(options)
      local result = client:trigger("wf-1", "disable")
      for i = 1, 5 do client:trigger("wf-1", "enable", function() end) end
      vim.wait(20)
      return result.action
    ]]
    assert.are.equal("disable", answer)
  end)
end)
