--- Proves what a call says that has ended before its time: that its client was closed, whatever it waits for, or that
--- its handle was cancelled.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local platform = require "aom.util.platform"
local process = require "spec.support.process"
local uvloop = require "spec.support.uvloop"

local PROJECT = ("0123456789abcdef"):rep(2)

-- Some other process pauses and resumes all windows.
local world = setmetatable({
  lock_file = function() return nil, "busy", { pid = 1, host = "elsewhere" } end,
}, { __index = platform })

local serial = 0
local function open(url)
  serial = serial + 1
  return assert(client.open({ endpoint = url, project_id = PROJECT, proxy = "", timeout = 10, loop = "uv",
    ak = "CLOSEDKEY" .. serial, sk = "closed-secret" }, world))
end

--- What a 503 asks for keeps its call asleep.
local function answer(status, body)
  return ("HTTP/1.1 %d Said\r\nRetry-After: 5\r\nContent-Length: %d\r\n\r\n%s"):format(status, #body, body)
end

local running = answer(200, '{"execution_id":"e","status":"executing"}')

--- Begins something with a callback. A bulk's words are those of its entries.
local calls = {
  ["a call that waits for its answer"] = {
    function(state, callback) return methods.enable(state, "one", callback) end, delay = 5,
  },
  ["a call that waits for its next attempt"] = {
    function(state, callback) return methods.enable(state, "one", callback) end, reply = answer(503, ""),
  },
  ["a bulk"] = {
    function(state, callback)
      return methods.trigger_all(state, { "one", "two" }, "enable", { concurrency = 1 }, callback)
    end, delay = 5,
  },
  ["many requests"] = {
    function(state, callback)
      local request = { method = "GET", path = "/v1/{project_id}/cms" }
      return methods.request_all(state, { request, request }, { concurrency = 1 }, callback)
    end, delay = 5,
  },
  ["a list"] = { function(state, callback) return methods.all_workflows(state, callback) end, delay = 5 },
  ["an execution that is waited for"] = {
    function(state, callback)
      return methods.wait(state, { workflow_id = "w", execution_id = "e" }, { interval = 0.3 }, callback)
    end, reply = running,
  },
  ["a pause that waits for its file's lock"] = {
    function(state, callback) return methods.pause(state, { match = "a", file = "nowhere" }, callback) end,
  },
}

local ways = {
  ["when its client is closed"] = { function(state) client.close(state) end, "the client was closed" },
  ["when the client is closed that its own was made from"] = {
    function(state) client.close(state.root) end, "the client was closed", is_derived = true,
  },
  ["when its client, made from another, is closed"] = {
    function(state) client.close(state) end, "the client was closed", is_derived = true,
  },
  ["when its handle is cancelled, and its client closed"] = {
    function(state, handle)
      handle:cancel()
      client.close(state)
    end, "the call was cancelled",
  },
  ["when its handle is cancelled"] = { function(_, handle) handle:cancel() end, "the call was cancelled" },
}

local function words_of(err, report)
  local words = {}
  for _, failure in ipairs(report or { { error = err } }) do
    words[#words + 1] = failure.error.kind .. ": " .. failure.error.message
  end
  return words
end

for what, row in pairs(calls) do
  for when, way in pairs(ways) do
    it(("%s says what ended it %s"):format(what, when), function()
      local server = process.rawserver { replies = { row.reply or answer(200, "") }, by_request = true,
        ["then"] = "hold", delay = row.delay }
      local root = open(server.url)
      local state = way.is_derived and assert(methods.with(root, {})) or root
      local words
      local handle = assert(row[1](state, function(...) words = words_of(...) end))
      uvloop.after(0.2, function() way[1](state, handle) end)
      uvloop.run_until(function() return words end, 4)
      assert.are.equal("cancelled: " .. way[2], words[1])
      for i = 2, #words do assert.are.equal(("cancelled: %s before this call was sent"):format(way[2]), words[i]) end
      client.close(root)
      server.stop()
    end)
  end
end
