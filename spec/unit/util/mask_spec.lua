--- Proves that secrets are hidden however an encoder spells them, by tokens' masks and by
--- signers' alike, in linear time.

local core = require "aom.core"
local mask = require "aom.util.mask"
local patience = require "spec.support.patience"

--- What can hide a secret. All must do the same.
local maskers = {
  ["mask.of"] = function(secret) return mask.of { secret } end,
  ["a signer, as its key"] = function(secret)
    local signer = assert(core.signer { ak = "ACCESS", sk = secret })
    return function(text) return signer:mask(text) end
  end,
  ["a signer, as its token"] = function(secret)
    local signer = assert(core.signer { ak = "ACCESS", sk = "another-secret", security_token = secret })
    return function(text) return signer:mask(text) end
  end,
}

local function each(pattern, format)
  return function(text)
    return (text:gsub(pattern, function(byte) return format:format(byte:byte()) end))
  end
end

--- Encoders as there are: each escapes its own sign, so that decoding gives the same again.
local encoders = {
  ["a URL's, in upper case"] = each("[^%w_.~-]", "%%%02X"),
  ["a URL's, in lower case"] = each("[^%w_.~-]", "%%%02x"),
  ["a URL's, of every byte"] = each(".", "%%%02X"),
  ["a URL's, but for the slash"] = each("[^%w_.~/-]", "%%%02X"),
  ["a form's"] = function(text) return (each("[^%w_.~ -]", "%%%02X")(text):gsub(" ", "+")) end,
  ["JSON's"] = function(text) return (text:gsub('[\\"]', "\\%0")) end,
  ["JSON's, with slashes"] = function(text) return (text:gsub('[\\"/]', "\\%0")) end,
  ["JSON's, of every ASCII byte"] = each("[%z\1-\127]", "\\u%04x"),
  ["JSON's, of signs, in upper case"] = each("[^%w\128-\255]", "\\u%04X"),
  ["a log's"] = each("[^%w]", "\\x%02X"),
  ["a backslash before each sign"] = function(text) return (text:gsub("[%p]", "\\%0")) end,
}

local secrets = {
  "plain", "kT7/tQpW+example==", "9+/=", "100%", "50%25+x/", "a%2Bb/c=", "%", [[q"w\e]], [[ends\]], [[\/]], [[a\nb/]],
  "two words+more", "p\195\164ss/w\195\182rd", "\240\159\148\145key/", "k",
}

for made, masker in pairs(maskers) do
  describe("a secret that is masked by " .. made, function()
    for _, secret in ipairs(secrets) do
      local hide = masker(secret)

      for first, inner in pairs(encoders) do
        it(("%q is hidden behind %s, and one more"):format(secret, first), function()
          for second, outer in pairs(encoders) do
            local text = outer('<"' .. inner(secret) .. '">')
            local start, finish = outer '<"', outer '">'
            -- In what stands around it a short secret may be found as well, and a backslash at the end
            -- of a secret may be read together with the next one.
            if #secret > 3 and secret:sub(-1) ~= "\\" then
              assert.are.equal(start .. "***" .. finish, hide(text), second)
            end
            assert.is_nil(hide(text):find(inner(secret), 1, true), second)
          end
        end)
      end

      it(("%q is hidden where any part of it is encoded"):format(secret), function()
        local json = encoders["JSON's"]
        for i = 1, #secret do
          local before, byte, after = secret:sub(1, i - 1), secret:byte(i), secret:sub(i + 1)
          local in_url = before .. ("%%%02x"):format(byte) .. after
          assert.are.equal("<***>", hide("<" .. in_url .. ">"), in_url)
          if byte < 128 then
            local in_json = json(before) .. ("\\u%04X"):format(byte) .. json(after)
            assert.are.equal("<***>", hide("<" .. in_json .. ">"), in_json)
          end
        end
      end)
    end
  end)

  describe("a text that is masked by " .. made, function()
    for _, row in ipairs {
      -- what it shows, secret, text, right result
      { "a key in a URL", "a/b+c=", "?sk=a%2Fb%2Bc%3D&x=%2F", "?sk=***&x=%2F" },
      { "a key that is encoded in part", "a/b+c=", "a%2Fb+c%3d", "***" },
      { "a plus that was read as a blank", "a/b+c=", "a/b c=", "***" },
      { "a key in JSON", "a/b+c=", [[{"k":"a\/b\u002bc\u003D"}]], '{"k":"***"}' },
      { "a key in JSON in JSON", "a/b+c=", [[{"m":"{\"k\":\"a\\\/b\\u002Bc=\"}"}]], [[{"m":"{\"k\":\"***\"}"}]] },
      { "a URL in JSON in JSON", "a/b", [[{\"u\":\"http:\\\/\\\/h\\\/a\\u00252Fb\"}]],
        [[{\"u\":\"http:\\\/\\\/h\\\/***\"}]] },
      { "percent-encoding, three times", "a/b", "a%25252Fb", "***" },
      { "percent-encoding, four times", "a/b", "a%2525252Fb", "a%2525252Fb" },
      { "a percent sign in JSON", "a/b", [[a\u0025\u0032Fb]], "***" },
      { "a backslash in a URL", "a/b", "a%5C%2Fb a%5Cu002Fb", "*** ***" },
      { "UTF-8 in JSON, in both cases", "p\195\164ss", [[p\u00e4ss p\u00E4ss]] .. " p\195\164ss", "*** *** ***" },
      { "UTF-8 in a URL", "p\195\164ss", "p%C3%A4ss p%c3%a4ss", "*** ***" },
      { "a pair of surrogates", "\240\159\148\145!", [[\ud83d\udd11! \uD83D\uDD11\u0021]], "*** ***" },
      { "halves of a pair", "\240\159\148\145", [[\ud83d \udd11 \ud83d\u0041 \ud83d]],
        [[\ud83d \udd11 \ud83d\u0041 \ud83d]] },
      { "a key that looks encoded", "a%2Fb", "a%2Fb a%252Fb a/b", "*** *** ***" },
      { "only what is in the way encoded", "a%2Fb/c", "a%2Fb%2Fc", "***" },
      { "an end with a backslash", [[ab\]], [["ab\\" ab\]], '"***" ***' },
      { "an end with a percent sign, before digits", "ab%", "ab%2541 ab%41", "***41 ***41" },
      { "a backslash of another", "nab", [[C:\nab \nab\/]], [[C:\*** \***\/]] },
      { "escapes that are none", "a/b", [[a%2b a%2 a%zz a\u002 a\u00zz a\ a%]],
        [[a%2b a%2 a%zz a\u002 a\u00zz a\ a%]] },
      { "escapes that end early", "a/b", [[a%2fb\]], [[***\]] },
      { "one that is all of the text", "a/b", "%61%2f%62", "***" },
      { "several in a row", "a/b", [[a/ba%2Fba\/b]], "*********" },
      { "repeats that overlap", "aaa", "aaaaa a%61aaa", "*** ***" },
      { "a short one", "k", "k %6B %6b \\u006b K ok", "*** *** *** *** K o***" },
      { "one sign", "%", "100% 100%25", "100*** 100***" },
      { "another case", "a/b", "A%2FB", "A%2FB" },
      { "a NUL byte", "a/b", "\0a%2Fb\0", "\0***\0" },
      { "nothing", "a/b", "", "" },
      { "less than the secret", "a/b", "a%2F", "a%2F" },
    } do
      it("shows " .. row[1], function() assert.are.equal(row[4], masker(row[2])(row[3])) end)
    end
  end)

  it("masking is linear in time with " .. made, function()
    -- The bodies that errors keep, and what would take more than ten seconds in quadratic time.
    local size, long = 2 ^ 16, ("a"):rep(2 ^ 15)
    local hide, hide_long, hide_end = masker "kT7/tQpW+example=", masker(long), masker(long .. "b")
    local started = os.clock()
    for _, piece in ipairs { "a", "%61", "\\u0061", "\\", "%25", "%5C", "kT7/tQpW", "kT7%252F", "\\\\u0025" } do
      hide(piece:rep(math.floor(size / #piece)))
    end
    assert.are.equal("***", hide_long(("a"):rep(16 * size)))
    assert.are.equal(16 * size, #hide_end(("a"):rep(16 * size)))
    assert.are.equal("***", hide_long(("%61"):rep(4 * size)))
    assert.is_true(os.clock() - started < patience.of(1))
  end)
end

describe("mask.of", function()
  it("hides each of several secrets, and as one what they cover together", function()
    local hide = mask.of { "a/b+c", "c/d" }
    assert.are.equal("*** *** ***", hide "a%2Fb%2Bc c%2Fd a%2Fb%2Bc%2Fd")
  end)

  it("of no secrets leaves texts alone", function() assert.are.equal("a%2Fb", mask.of {} "a%2Fb") end)
end)

describe("headers fit to be shown", function()
  it("hide the secret ones, and secrets in all others", function()
    assert.are.same({ ["X-Auth-Token"] = "***", authorization = "***", ["x-request-id"] = "id-***", Accept = "*/*" },
      mask.headers({ ["X-Auth-Token"] = "1", authorization = "2", ["x-request-id"] = "id-a%2Fb", Accept = "*/*" },
        mask.of { "a/b" }))
  end)
end)
