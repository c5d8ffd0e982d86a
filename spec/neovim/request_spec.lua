--- Proves that any request waits in Neovim as a call does.

local any_requests = require "spec.support.any_requests"
local neovim = require "spec.support.neovim"
local process = require "spec.support.process"

local PROJECT = ("0123456789abcdef"):rep(2)

describe("in Neovim", function()
  local simulator

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT }
    simulator.set(any_requests.settings)
  end)
  teardown(function() simulator.stop() end)

  local function run(script)
    return neovim.run(([[
      local client = require("aom.safe").client { endpoint = %q, project_id = %q, ak = "A", sk = "S", proxy = "" }
      local any_requests = dofile(%q)
    ]]):format(simulator.url, PROJECT, neovim.root() .. "/spec/support/any_requests.lua") .. script)
  end

  it("every method ends at once, with all headers", function()
    simulator.script(any_requests.script)
    assert.are.same(any_requests.expected, run [[
      return function(finish)
        coroutine.wrap(function() finish(any_requests.run(client)) end)()
      end
    ]])
  end)

  it("a request calls back", function()
    assert.are.same({ 200, "3" }, run [[
      return function(finish)
        client:request({ method = "HEAD", path = "/" }, function(_, answer)
          vim.api.nvim_buf_line_count(0)
          finish { answer.status, answer.headers["x-one"] }
        end)
      end
    ]])
  end)
end)
