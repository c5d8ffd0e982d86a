--- Proves that a call which runs out of memory, at any of its allocations, returns an error that says so,
--- and that the next call is served.

local short_of_memory = require "spec.support.short_of_memory"

describe("without memory, an error says so, and the next call is served:", function()
  short_of_memory {
    ["a signature"] = "check(function() return safe.sign(request, key) end)",
    ["a signature that raises"] = "check(function() return aom.sign(request, key) end)",
    ["a call"] = "check(function() return client:enable 'wf-1' end)",
    ["a call that raises"] = "check(function() return raising:enable 'wf-1' end)",
    ["a call with a callback"] = [[
      local result, err
      local function note(e, r) result, err = r, e end
      check(function()
        result, err = nil, nil
        local _, refused = client:enable("wf-1", note)
        return result, err or refused
      end)]],
    ["a list"] = "check(function() return client:all_workflows() end)",
    ["a step of an iterator"] = [[
      check(function()
        local workflow, err = client:workflows()()
        return workflow, err
      end)]],
    ["a client"] = [[
      check(function()
        local made, err = safe.client(options)
        if made then made:close() end
        return made, err
      end)]],
    ["a client whose file of authorities the core has no memory for"] = [[
      local path = os.tmpname()
      local file = io.open(path, "w")
      file:write("-----BEGIN CERTIFICATE-----")
      file:close()
      options.ca_file = path
      function fail(count) short.arm("core", count, 1) end
      check(function() return safe.client(options) end)
      os.remove(path)]],
    ["a lock that the core has no memory for"] = [[
      local lock_file, path, failures = require "aom.core".lock_file, os.tmpname(), 0
      for count = 0, 5 do
        short.arm("core", count, 1)
        local ok, lock, why = pcall(lock_file, path)
        short.disarm()
        if ok and lock then lock:release() else failures = failures + 1 end
        if not lock or not ok and lock ~= "not enough memory" then print(count, lock, why) end
      end
      os.remove(path)
      os.remove(path .. ".lock")
      if failures == 0 then print "none fails" end]],
    ["a part of the library that cannot be loaded"] = [[
      local doctor = require "aom.util.lazy" "aom.client.doctor"
      local function load() return doctor.run end
      short.arm("process", 0, 1e9)
      local loaded, why = pcall(load)
      short.disarm()
      if loaded or why ~= "not enough memory" then print(loaded, why) end
      local _ = doctor.run]],
    ["an answer that could not be read leaves nothing behind"] = [[
      local function call() return client:enable 'wf-1' end
      check(call)
      client:enable 'wf-1'
      local before = blocks_of_core()
      check(call)
      client:enable 'wf-1'
      local more = blocks_of_core() - before
      if more > 0 then print(more .. " blocks are lost") end]],
    ["a bulk for which there is none to the end leaves nothing behind"] = [[
      in_a_row = 1e9
      local ids = { "wf-1", "wf-2", "wf-3" }
      local function bulk() return client:trigger_all(ids, "enable") end
      local function cut_short()
        for count = 0, 400, 7 do
          fail(count)
          pcall(bulk)
          short.disarm()
          client:enable "wf-1"
        end
        return blocks_of_core()
      end
      -- At first there are more and more transfers in flight at once.
      cut_short()
      local more = -cut_short() + cut_short()
      if more > 0 then print(more .. " blocks are lost") end]],
  }
end)
