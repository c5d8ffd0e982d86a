--- Proves that core.head writes what `attempt:signed()` tells, as HTTP/1.1 wants it.

local attempt = require "aom.http.attempt"
local core = require "aom.core"

local function new(more)
  local all = { method = "PUT", base = "https://x.example", host = "x.example", path = "/v1/a b", query = {},
    headers = {}, body = "", date = "20260102T030405Z", offset = 0 }
  for name, value in pairs(more) do all[name] = value end
  return attempt.new(all)
end

local function signer(more)
  local key = { ak = "AK", sk = "sk" }
  for name, value in pairs(more or {}) do key[name] = value end
  return core.signer(key)
end

--- The head as a target, and a list of headers by name.
local function read(text)
  local target, rest = text:match "^(%S+) HTTP/1%.1\r\n(.*)$"
  assert(rest:find "^Host: ", rest)
  local headers = {}
  for name, value in rest:gmatch "([^:]+): (.-)\r\n" do
    assert(not headers[name], name .. " is there twice")
    headers[name] = value
  end
  return target, headers
end

describe("the head of an attempt", function()
  for name, more in pairs {
    ["without a signer"] = { headers = { ["X-Auth-Token"] = "t" } },
    ["whose signer is false"] = { signer = false },
    ["that is signed"] = { signer = signer(), headers = { ["Content-Type"] = "application/json" }, body = "{}" },
    ["with a query"] = { signer = signer(), query = { { "b", "1 2" }, { "a", "" } } },
    ["with a token"] = { signer = signer { security_token = "st" } },
    ["of V11"] = { signer = signer { algorithm = "V11-HMAC-SHA256", region = "r", service = "s" } },
    ["with an empty header"] = { signer = signer(), headers = { ["X-Empty"] = "" } },
  } do
    it(name .. " says what it tells", function()
      local one = new(more)
      local target, headers = read(core.head(one))
      local _, url, told = one:signed()
      assert.are.equal(url, one.base .. target)
      assert.are.same(told, headers)
    end)
  end

  for name, more in pairs {
    ["a value"] = { headers = { ["X-A"] = "a\r\nX-B: c" } },
    ["a name"] = { headers = { ["X-A\r\nX-B"] = "c" } },
    ["its host"] = { host = "h\r\nX-B: c" },
  } do
    for kind, key in pairs { with = signer(), without = false } do
      it(("is refused with a line end in %s, %s a signer"):format(name, kind), function()
        more.signer = key
        local text, why = core.head(new(more))
        assert.is_nil(text)
        assert.is_string(why)
      end)
    end
  end

  local closed = signer()
  closed:close()
  for name, row in pairs {
    ["a closed signer"] = { { signer = closed }, "^the signer is closed$" },
    ["a wrong date"] = { { signer = signer(), date = "today" }, "date", "date" },
    ["a control byte"] = { { signer = signer(), headers = { X = "a\nb" } }, "control", "control" },
  } do
    it("is refused for " .. name, function()
      local head, why, code = core.head(new(row[1]))
      assert.is_nil(head)
      assert.matches(row[2], why:lower())
      assert.are.equal(row[3], code)
    end)
  end
end)
