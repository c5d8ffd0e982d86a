--- Proves that `:help aom` works: its tags are valid, and lead to what they name.

local neovim = require "spec.support.neovim"
local process = require "spec.support.process"

describe(":help aom", function()
  local folder

  setup(function()
    folder = process.run "mktemp -d":match "%S+"
    process.run(("mkdir %s/doc && cp %s/doc/aom.txt %s/doc"):format(folder, neovim.root(), folder))
  end)
  teardown(function() process.run("rm -r " .. folder) end)

  local function help(script)
    return neovim.run(([[
      vim.opt.runtimepath:append %q
      vim.cmd("helptags " .. %q)
      local function open(words)
        vim.cmd("help " .. words)
        local text, row = vim.api.nvim_get_current_line(), vim.api.nvim_win_get_cursor(0)[1]
        local options = { tw = vim.bo.textwidth, ft = vim.bo.filetype, ts = vim.bo.tabstop }
        return { text = text, row = row, options = options, name = vim.fn.expand "%%:t" }
      end
    ]]):format(folder, folder .. "/doc") .. script)
  end

  for words, pattern in pairs {
    ["aom"] = "%*aom%*$", ["aom.txt"] = "^%*aom%.txt%*", ["aom.trigger()"] = "^aom%.trigger%(",
    ["aom-client:wait()"] = "^client:wait%(execution", ["aom.WaitOptions"] = "^aom%.WaitOptions",
    ["aom.Error"] = "^aom%.Error", ["aom-errors"] = "^ERRORS",
  } do
    it("finds " .. words, function()
      local found = help(("return open %q"):format(words))
      assert.are.equal("aom.txt", found.name)
      assert.matches(pattern, found.text)
    end)
  end

  it("is set up by its last line", function()
    local found = help "return open 'aom'"
    assert.are.same({ tw = 78, ft = "help", ts = 8 }, found.options)
  end)

  it("has no link that leads nowhere", function()
    local missing = help [[
      local tags = {}
      for line in io.lines(vim.fn.globpath(vim.o.runtimepath, "doc/tags", false, true)[#vim.fn.globpath(
        vim.o.runtimepath, "doc/tags", false, true)]) do tags[line:match "^[^\t]+"] = true end
      open "aom"
      local missing = {}
      for _, line in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do
        for link in line:gmatch "|([^|%s]+)|" do
          if not tags[link] then missing[#missing + 1] = link end
        end
      end
      return missing
    ]]
    assert.are.same({}, missing)
  end)
end)
