--- Proves that OpenSSL's lack of memory is told as such, and ends nothing but the signature
--- that it befell.

local process = require "spec.support.process"

local quote = process.quote

local lua = rawget(_G, "jit") and "luajit" or "lua" .. _VERSION:match "%d%.%d"
local folder

local function build(name, source, libraries)
  local output, failed = process.run(("cc -D_GNU_SOURCE -shared -fPIC $(pkg-config --cflags %s) %s -o %s/%s.so %s 2>&1")
    :format(lua, quote(process.root .. source), quote(folder), name, libraries or ""))
  assert.are.equal(0, failed, output)
end

setup(function()
  folder = process.run "mktemp -d":match "^(%S+)\n"
  build("short", "/spec/torture/short.c")
  build("fetch", "/spec/support/failing_fetch.c", "-Wl,--no-as-needed $(pkg-config --cflags --libs libcrypto)")
end)
teardown(function() process.run("rm -rf " .. quote(folder)) end)

--- What a script prints that is run with `library` preloaded, once for each of `arguments`.
local function run(library, script, arguments)
  local path = process.temporary(script)
  local output = process.run(("for word in %s; do env LD_PRELOAD=%s/%s.so ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0 "
    .. "LUA_CPATH=%s%s %s %s $word; done 2>&1"):format(arguments, quote(folder), library, quote(folder .. "/?.so;"),
    quote(os.getenv "LUA_CPATH" or ";;"), lua, quote(path)))
  os.remove(path)
  return output
end

-- AddressSanitizer's malloc takes the place of that of short.c.
local if_malloc_fails = os.getenv "ASAN_OPTIONS" and pending or it

-- The state is not closed, since the allocator of short.c would be gone before.
local SIGN = [[
  local safe = require "aom.safe"
  local request = { method = "GET", host = "x.example", path = "/", query = { { "a", "b" } } }
  local key = { ak = "a", sk = "b", algorithm = "%s", region = "r-1", service = "aom" }
  local function sign()
    local ok, signed, err = pcall(safe.sign, request, key)
    if not ok then return "raised " .. signed end
    return signed and "signed" or err.kind .. ": " .. err.message
  end
]]

-- With elliptic curves OpenSSL names other errors alone, a few times in hundreds.
local FEW = 6

describe("a signature for which OpenSSL has no memory says so, whatever it was for:", function()
  for algorithm, exact in pairs {
    ["SDK-HMAC-SHA256"] = true, ["SDK-HMAC-SM3"] = true, ["V11-HMAC-SHA256"] = true, ["SDK-ECDSA-P256-SHA256"] = false,
    ["SDK-SM2-SM3"] = false,
  } do
    if_malloc_fails(algorithm, function()
      local output = run("short", SIGN:format(algorithm) .. [[
        local short, seen, count, failed = require "short", {}, 0, 1
        for _ = 1, 3 do assert(sign() == "signed") end
        while failed > 0 do
          short.arm("process", count, 1)
          local outcome = sign()
          count, failed = count + 1, short.disarm()
          seen[outcome] = (seen[outcome] or 0) + 1
        end
        for outcome, times in pairs(seen) do print(outcome, times) end
        print(sign())
        os.exit(0)]], "-")
      local others = 0
      for outcome, times in output:gmatch "([^\n]+)\t(%d+)" do
        if outcome ~= "signed" and outcome ~= "network: out of memory" then others = others + tonumber(times) end
      end
      assert.matches("network: out of memory\t%d%d", output)
      assert.is_true(others <= (exact and 0 or FEW), output)
      assert.matches("\nsigned\n$", output)
    end)
  end
end)

describe("a signer for which OpenSSL has no memory", function()
  if_malloc_fails("keeps no texts of its errors", function()
    local output = run("short", [[
      local core, short = require "aom.core", require "short"
      local signer = core.signer { ak = "a", sk = "b" }
      local request = { method = "GET", host = "x.example", path = "/", query = {}, headers = {}, body = "",
        date = "20260102T030405Z" }
      local function blocks()
        local sum = 0
        for place, number in pairs(short.blocks()) do
          if place:find "^libcrypto" then sum = sum + number end
        end
        return sum
      end
      for _ = 1, 3 do assert(core.sign(request, signer)) end
      local before, most, failures = blocks(), 0, 0
      for count = 0, 20 do
        short.arm("process", count, 1)
        local ok, signed = pcall(core.sign, request, signer)
        short.disarm()
        if not (ok and signed) then failures = failures + 1 end
        most = math.max(most, blocks() - before)
      end
      print(failures > 0 and "failed", most)
      os.exit(0)]], "-")
    assert.matches("^failed\t0", output)
  end)
end)

describe("the first signature of a process for which there is no memory", function()
  it("leaves the next one a digest", function()
    assert.are.equal("network: out of memory, signed\n", run("fetch", SIGN:format "SDK-HMAC-SHA256" .. [[
      print(sign() .. ", " .. sign())]], "-"))
  end)

  if_malloc_fails("does not end the process", function()
    local output = run("short", SIGN:format "SDK-HMAC-SHA256" .. [[
      local short = require "short"
      pcall(safe.sign, {}, key) -- loads what it needs
      short.arm("process", tonumber(arg[1]), 1)
      local outcome = sign()
      short.disarm()
      print(outcome)
      os.exit(0)]], "$(seq 0 20 300)")
    assert.are.equal(16, select(2, output:gsub("\n", "")), output)
    for line in output:gmatch "[^\n]+" do assert.matches("^%l+", line) end
  end)
end)
