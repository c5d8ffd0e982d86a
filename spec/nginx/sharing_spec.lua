--- Proves what clients in a worker of nginx share, and that each one's calls are its own.

local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local soaked = require "spec.support.soaked"

local GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"success"}'

local SERVER = [[
  location = /use { content_by_lua_block { ngx.print(open():trigger("wf-1", "enable").action) } }
  location = /close {
    content_by_lua_block {
      local clients, kinds = { one = open(), other = open() }, {}
      for name, client in pairs(clients) do
        for i = 1, 2 do
          client:trigger("wf-1", "enable", function(err)
            kinds[#kinds + 1] = name .. " " .. (err and err.kind or "success")
          end)
        end
      end
      ngx.sleep(0.1)
      clients.one:close()
      for _ = 1, 500 do
        if #kinds == 4 then break end
        ngx.sleep(0.01)
      end
      table.sort(kinds)
      ngx.print(table.concat(kinds, ", "))
    }
  }
  location = /used_up {
    content_by_lua_block {
      local client, held = open(), {}
      for file in function() return (io.open "/dev/null") end do held[#held + 1] = file end
      local _, err = client:trigger("wf-1", "enable")
      for _, file in ipairs(held) do file:close() end
      ngx.print(err.kind, ": ", err.message, " ", err.hint)
    }
  }
]]

describe("in a worker of nginx", function()
  local simulated, worker

  before_each(function()
    simulated = process.rawserver { replies = { GOOD, GOOD }, by_request = true, ["then"] = "hold", delay = 0.3 }
    worker = nginx.start {
      main = "worker_rlimit_nofile 64;",
      http = ([[
        init_by_lua_block {
          function open()
            return require("aom.safe").client { endpoint = %q, project_id = ("0"):rep(32), ak = "A", sk = "S",
              proxy = "", max_attempts = 1, timeout = 5 }
          end
        }
      ]]):format(simulated.url),
      server = SERVER,
    }
  end)
  after_each(function()
    worker:stop()
    simulated.stop()
  end)

  it("closing a client ends its calls alone", function()
    assert.are.equal("enable", (worker:get "/use")) -- a new key goes out alone
    assert.are.equal("one cancelled, one cancelled, other success, other success", (worker:get "/close"))
    assert.are.equal("enable", (worker:get "/use"))
  end)

  it("a call that finds no file descriptor left says so", function()
    local text = worker:get "/used_up"
    assert.matches("network: all file descriptors of this process, or of the system, are in use", text, 1, true)
    assert.matches("worker_rlimit_nofile", text, 1, true)
    assert.are.equal("enable", (worker:get "/use"))
  end)

  it("2,000 clients, each used once and dropped, need no more than 256 descriptors", function()
    local requests, connections, output = soaked.clients("nginx", 2000)
    assert.are.equal(2000, requests, output)
    assert.is_true(connections <= 20, connections) -- as many as are used at once
  end)
end)
