--- Uses wrong keys in many ways, in whatever host runs this. Each way has a key of its own.

local rawget = rawget

--- Lets other calls of the host go on.
local function pause()
  if rawget(_G, "ngx") then return ngx.sleep(0.01) end
  local found, uv = pcall(require, "luv")
  uv = rawget(_G, "vim") and (vim.uv or vim.loop) or found and uv
  local this, timer = coroutine.running(), uv.new_timer()
  uv.timer_start(timer, 10, 0, function()
    uv.close(timer)
    coroutine.resume(this)
  end)
  coroutine.yield()
end

local function bulk(client, prefix)
  local ids = {}
  for i = 1, 100 do ids[i] = ("%s-%d"):format(prefix, i) end
  local report = assert(client:trigger_all(ids, "enable", { concurrency = 16 }))
  return report.failed
end

--- Each returns how many calls have failed. `open` makes one more client.
local ways = {
  in_turn = function(open)
    local client, failed = open(), 0
    for _ = 1, 20 do
      if not client:trigger("turn-1", "enable") then failed = failed + 1 end
    end
    return failed
  end,
  clients = function(open)
    local failed = 0
    for _ = 1, 10 do
      local client = open()
      for _ = 1, 2 do
        if not client:trigger("clients-1", "disable") then failed = failed + 1 end
      end
      client:close()
    end
    return failed
  end,
  operations = function(open)
    local client, failed = open(), 0
    for _ = 1, 4 do
      for _, result in ipairs { client:list_workflows() or false, client:execute "operations-1" or false,
        client:list_jobs() or false, client:find "operations-1" or false,
        client:request { method = "GET", path = "/v1/{project_id}/operations" } or false } do
        if not result then failed = failed + 1 end
      end
    end
    return failed
  end,
  callbacks = function(open)
    local failed, left = 0, 20
    for _ = 1, 20 do
      open():trigger("callbacks-1", "enable", function(err)
        failed, left = failed + (err and 1 or 0), left - 1
      end)
    end
    while left > 0 do pause() end
    return failed
  end,
  bulk = function(open) return bulk(open(), "bulk") end,
  interrupted = function(open) return bulk(open(), "interrupted") end,
}

---@param list table[]  { name, options }
---@return string  a line for each way: its name, and the number of failed calls
return function(list)
  local safe = require "aom.safe"
  local lines = {}
  for i, each in ipairs(list) do
    lines[i] = each.name .. " " .. ways[each.name](function() return assert(safe.client(each.options)) end)
  end
  return table.concat(lines, "\n")
end
