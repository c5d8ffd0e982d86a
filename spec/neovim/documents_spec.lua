--- Proves that the blocks of code for Neovim in the documents work: with plugin managers and
--- libraries for coroutines that do as much as the blocks need of them.

local documents = require "spec.support.documents"
local neovim = require "spec.support.neovim"
local process = require "spec.support.process"

local AK, SK, PROJECT = "DOCUMENTKEY", "document-secret", ("0123456789abcdef"):rep(2)

--- As lazy.nvim loads a plugin that is not lazy: its init, then the scripts of its own folder
--- and of no other that was added to runtimepath.
local LAZY = [==[
local before = package.cpath
package.cpath = "/nonexistent/?.so"
local plugin = assert(loadstring("return " .. %q))()
assert(plugin[1] == "lua-aom/lua-aom" and plugin.build == "make LUA=luajit" and plugin.lazy == false)
plugin.dir = %q
vim.opt.runtimepath:append(plugin.dir)
plugin.init(plugin)
-- Built elsewhere by these specs.
package.cpath = before .. package.cpath
for _, script in ipairs(vim.fn.glob(plugin.dir .. "/plugin/**/*.lua", true, true)) do dofile(script) end
return { cpath = package.cpath, command = vim.fn.exists ":AomWorkflow" }
]==]

--- plenary.async and nio resume a task when the function that it waits for calls back.
local TASKS = [==[
local tasks = {}
function tasks.wrap(func, argc)
  return function(...)
    local words = { ... }
    return coroutine.yield(function(step)
      words[argc] = step
      func(unpack(words, 1, argc))
    end)
  end
end
function tasks.run(body)
  local thread = coroutine.create(body)
  local function step(...)
    local ok, wait = coroutine.resume(thread, ...)
    assert(ok, wait)
    if coroutine.status(thread) ~= "dead" then wait(step) end
  end
  step()
end
package.preload["plenary.async"] = function() return tasks end
package.preload["nio"] = function() return tasks end
return function(finish)
  vim.notify = function(text) finish(text) end
  assert(loadstring(%q))()
end
]==]

describe("a block of code for Neovim", function()
  local simulator, environment

  setup(function()
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "WORKFLOW_ID" } }
    environment = { HUAWEICLOUD_SDK_AK = AK, HUAWEICLOUD_SDK_SK = SK, HUAWEICLOUD_SDK_PROJECT_ID = PROJECT,
      HUAWEICLOUD_SDK_AOM_ENDPOINT = simulator.url }
  end)
  teardown(function() simulator.stop() end)

  for _, block in ipairs(documents.blocks_for "neovim") do
    if block.text:find "^{" then
      it(("installs the plugin: %s:%d"):format(block.path, block.line), function()
        local root = neovim.root()
        local found = neovim.run(LAZY:format(block.text, root), { env = environment })
        assert.truthy(found.cpath:find(root .. "/build/luajit/?.so", 1, true))
        assert.are.equal(2, found.command)
      end)
    else
      it(("switches a workflow: %s:%d"):format(block.path, block.line), function()
        simulator.reset()
        local text = neovim.run(TASKS:format(block.text), { env = environment })
        assert.matches("WORKFLOW_ID", text)
        assert.are.equal("disable", simulator.state().workflows.WORKFLOW_ID.trigger_status)
      end)
    end
  end
end)
