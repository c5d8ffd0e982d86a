--- Proves what clients under luv share, and that each one's calls are its own.

local aom = require "aom"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local uvloop = require "spec.support.uvloop"

local PROJECT = ("0123456789abcdef"):rep(2)
local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

describe("two clients under luv", function()
  local server
  local function serve(delay)
    server = process.rawserver { replies = { GOOD }, by_request = true, ["then"] = "hold", delay = delay }
  end
  after_each(function() server.stop() end)

  local function open()
    return aom.client { endpoint = server.url, project_id = PROJECT, ak = "SHAREKEY", sk = "share-secret", proxy = "",
      max_attempts = 1, timeout = 10, loop = "uv" }
  end

  it("use the same connection, and leave no handle", function()
    serve()
    for _ = 1, 20 do
      local result
      open():enable("wf-1", function(_, r) result = r end)
      uvloop.run()
      assert.is_true(result.success)
    end
    local requests = server.requests()
    assert.are.same({ 20, requests[1].connection }, { #requests, requests[20].connection })
  end)

  it("end apart: closing one ends its calls alone", function()
    serve(0.3)
    local clients, kinds = { one = open(), other = open() }, {}
    local function note(name, err) kinds[#kinds + 1] = name .. " " .. (err and err.kind or "success") end
    clients.one:enable "wf-1" -- a new key goes out alone
    for name, client in pairs(clients) do
      client:enable("wf-1", function(err) note(name, err) end)
      client:trigger_all({ "wf-1", "wf-2" }, "enable", { concurrency = 2 }, function(_, report)
        for _, entry in ipairs(report) do note(name, entry.error) end
      end)
    end
    uvloop.after(0.1, function() clients.one:close() end)
    uvloop.run()
    table.sort(kinds)
    assert.are.same({ "one cancelled", "one cancelled", "one cancelled", "other success", "other success",
      "other success" }, kinds)
    assert.is_true(clients.other:enable("wf-1").success)
  end)

  -- The one continues only after the other has returned.
  for _, key in ipairs { "right", "wrong" } do
    it("do not wait for each other where one blocks and the other tries a new key out: a " .. key .. " one", function()
      local simulator = process.simulator { ak = "A", sk = "right", project = PROJECT, workflows = { "wf-1", "wf-2" },
        latency = 0.3 }
      local function client()
        return aom.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = key, proxy = "",
          max_attempts = 1, timeout = 20, loop = "uv" }
      end
      local one, other, tried, report = client(), client(), nil, nil
      one:trigger_all({ "wf-1", "wf-2" }, "enable", function(_, result) tried = result end)
      uvloop.after(0.1, function() report = other:trigger_all({ "wf-1", "wf-2", "wf-3" }, "enable") end)
      uvloop.run(30)
      local sent, good = simulator.state().counts.total, key == "right"
      simulator.stop()
      assert.is_true(report.elapsed < patience.of(3), tostring(report))
      assert.are.same(good and { 2, 2, 5 } or { 0, 0, 2 }, { tried.succeeded, report.succeeded, sent })
    end)
  end

  -- Nothing runs luv's loop meanwhile.
  it("may be used within each other's bulk that blocks", function()
    serve()
    local path = process.temporary(([[
      local aom = require "aom"
      local function open(loop)
        return aom.client { endpoint = %q, project_id = %q, ak = "SHAREKEY", sk = "share-secret", proxy = "",
          loop = loop }
      end
      for _, loop in ipairs { "uv", "blocking" } do
        local one, other, done = open(loop), open "uv", 0
        local report = one:trigger_all({ "wf-1", "wf-2", "wf-3" }, "enable", { on_result = function()
          coroutine.wrap(function() other:enable "wf-4" end)()
          done = done + other:trigger_all({ "wf-5", "wf-6" }, "enable").succeeded
        end })
        io.write(report.succeeded, " ", done, " ")
      end
    ]]):format(server.url, PROJECT))
    local output = process.run(("env LUA_CPATH=%s timeout 20 %s %s 2>&1"):format(process.quote(package.cpath),
      process.interpreter, process.quote(path)))
    os.remove(path)
    assert.are.equal("3 6 3 6 ", output)
  end)
end)
