--- Proves that what people paste into variables, profiles and token files is understood or refused before anything
--- is sent, naming variable, line or file and never the value.

local chain = require "aom.credentials.providers.chain"
local client = require "aom.client.state"
local layers = require "aom.config.layers"
local paste = require "aom.config.paste"
local profile = require "aom.config.profile"
local world = require "spec.support.world"

local PATH = "/h/.huaweicloud/credentials"
local SK = "s3cr3t/Key+x==" -- what a value comes to

local BOM, NBSP, WIDE, ZERO = "\239\187\191", "\194\160", "\227\128\128", "\226\128\139"

--- The credentials of an environment, or of a profile's text.
local function find(env, text)
  local w = world.new { env = env, files = { [PATH] = text } }
  w.env.HOME = "/h"
  local _, values, err = chain.find { source = layers.new({}, w) }
  return values, err
end

local function assert_refused(where, problem, values, err)
  assert.is_nil(values)
  assert.are.equal("config", err.kind)
  assert.is_truthy(err.message:find(where, 1, true), err.message)
  assert.is_truthy(err.message:find(problem, 1, true), err.message)
  assert.is_nil(tostring(err):find("s3cr3t", 1, true))
end

-- What stands around a key; whether a variable and a profile understand it, or what they say.
local around = {
  { "nothing", SK, true, true },
  { "a line feed", SK .. "\n", true, true },
  { "CRLF", SK .. "\r\n", true, true },
  { "several line ends", SK .. "\n\r\n\n", true, true },
  { "blanks", "  " .. SK .. " \t", true, true },
  { "a no-break space", NBSP .. SK .. NBSP, true, true },
  { "ideographic spaces", WIDE .. SK .. " " .. WIDE, true, true },
  { "a zero-width space", SK .. ZERO, true, true },
  { "a byte order mark", BOM .. SK, true, true },
  { "double quotes", '"' .. SK .. '"', "a quote", true },
  { "single quotes", "'" .. SK .. "'", "a quote", true },
  { "backquotes", "`" .. SK .. "`", "a quote", true },
  { "typographic quotes", "“" .. SK .. "”", "not ASCII", true },
  { "blanks in quotes", '" ' .. SK .. ' "', "a quote", true },
  { "quotes in quotes", "'\"" .. SK .. "\"'", "a quote", "a quote" },
  { "one quote before", '"' .. SK, "a quote", "a quote" },
  { "one quote behind", SK .. "'", "a quote", "a quote" },
  { "quotes of two kinds", '"' .. SK .. "'", "a quote", "a quote" },
  { "a comment", SK .. " # ops", "a space", true },
  { "a comment of the other kind", SK .. "\t; ops", "a space", true },
  { "an empty comment", SK .. " #", "a space", true },
  { "a comment with marks in it", SK .. " # a ; b # c", "a space", true },
  { "quotes and a comment", '"' .. SK .. '" ; ops', "a quote", true },
  { "a comment in quotes", '"' .. SK .. ' # ops"', "a quote", "a quote" },
  { "a mark without a blank", SK .. "#ops", "a # or ;", "a # or ;" },
  { "the other mark without a blank", SK .. ";ops", "a # or ;", "a # or ;" },
  { "a mark inside, and a comment", SK .. "#1 # ops", "a # or ;", "a # or ;" },
  { "a second word", SK .. " " .. SK, "a space", "a space" },
  { "a percent sign", SK .. "%", "a character that does not belong", "a character that does not belong" },
  { "angle brackets", "<" .. SK .. ">", "a character that does not belong", "a character that does not belong" },
  { "a shell's dollar", "$" .. SK, "a character that does not belong", "a character that does not belong" },
  { "a comma", SK .. ",", "a character that does not belong", "a character that does not belong" },
  { "a no-break space inside", SK .. NBSP .. "x", "not ASCII", "not ASCII" },
  { "another letter", SK .. "é", "not ASCII", "not ASCII" },
  { "an escape sequence", "\27[1m" .. SK, "a control character", "a control character" },
  { "a NUL", SK .. "\0", "a control character", "a control character" },
}

local keys = { ak = "HUAWEICLOUD_SDK_AK", sk = "HUAWEICLOUD_SDK_SK", security_token = "HUAWEICLOUD_SDK_SECURITY_TOKEN" }

describe("a key with", function()
  for _, row in ipairs(around) do
    for name, variable in pairs(keys) do
      local wanted = { ak = "A", sk = "S", security_token = "T" }
      wanted[name] = SK

      it(("%s around %s is %s in the environment"):format(row[1], name, row[3] == true and "understood" or "refused"),
        function()
          local env = { HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = "S", HUAWEICLOUD_SDK_SECURITY_TOKEN = "T" }
          env[variable] = row[2]
          local values, err = find(env)
          if row[3] == true then return assert.are.same(wanted, values) end
          assert_refused("environment variable " .. variable .. " contains ", row[3], values, err)
        end)

      if not row[2]:find "[\r\n]" then
        it(("%s around %s is %s in a profile"):format(row[1], name, row[4] == true and "understood" or "refused"),
          function()
            local lines = { ak = "A", sk = "S", security_token = "T" }
            lines[name] = row[2]
            local values, err = find({}, "[basic]\nak = " .. lines.ak .. "\nsk = " .. lines.sk
              .. "\nsecurity_token = " .. lines.security_token)
            if row[4] == true then return assert.are.same(wanted, values) end
            local line = ({ ak = 2, sk = 3, security_token = 4 })[name]
            assert_refused(("profile %s, line %d: %s contains "):format(PATH, line, name), row[4], values, err)
          end)
      end
    end
  end

  it("nothing but blanks is none", function()
    local _, err = find { HUAWEICLOUD_SDK_AK = "A", HUAWEICLOUD_SDK_SK = " \n" }
    assert.are.equal("environment variable HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not", err.message)
    assert.are.equal("credentials", select(2, find { HUAWEICLOUD_SDK_AK = " ", HUAWEICLOUD_SDK_SK = "\n" }).kind)
  end)
end)

describe("a password", function()
  -- Setting, its text; what it comes to in a variable and in a profile.
  for _, row in ipairs {
    { "password", "p#a;ss", "p#a;ss", "p#a;ss" },
    { "password", "p # a ; ss", "p # a ; ss", "p # a ; ss" },
    { "password", '"quoted"', '"quoted"', '"quoted"' },
    { "password", "'", "'", "'" },
    { "password", "100%", "100%", "100%" },
    { "password", "pässwörd", "pässwörd", "pässwörd" },
    { "password", "pass\n", "pass" },
    { "password", "pass\r\n", "pass" },
    { "password", " pass ", " pass " },
    { "username", "o'neill", "o'neill", "o'neill" },
    { "username", "user # 1\n", "user # 1" },
    { "domain_name", "ACME; Ltd", "ACME; Ltd", "ACME; Ltd" },
  } do
    it(("%s %q is not cut"):format(row[1], row[2]), function()
      assert.are.equal(row[3], (paste.from_variable(row[1], row[2])))
      if row[4] then
        local w = world.new { env = { HOME = "/h" }, files = { [PATH] = ("[basic]\n%s = %s"):format(row[1], row[2]) } }
        assert.are.equal(row[4], assert(profile.load(w))[row[1]])
      end
    end)
  end

  it("with a control character is refused", function()
    for _, read in ipairs { paste.from_variable, paste.from_file } do
      local value, problem = read("password", "pa\27ss")
      assert.is_nil(value)
      assert.are.equal("contains a control character", problem)
    end
  end)
end)

describe("a setting", function()
  local PROJECT = ("0123456789abcdef"):rep(2)

  -- Setting, its variable, text; what it comes to in a variable and in a profile; false: refused.
  for _, row in ipairs {
    { "region", "HUAWEICLOUD_SDK_REGION", "cn-north-4\n", "cn-north-4", "cn-north-4" },
    { "region", "HUAWEICLOUD_SDK_REGION", '"cn-north-4" # prod', false, "cn-north-4" },
    { "project_id", "HUAWEICLOUD_SDK_PROJECT_ID", PROJECT .. "\r\n", PROJECT, PROJECT },
    { "project_id", "HUAWEICLOUD_SDK_PROJECT_ID", "'" .. PROJECT .. "'", false, PROJECT },
    { "endpoint", "HUAWEICLOUD_SDK_AOM_ENDPOINT", "https://a.example.com ; prod", false, "https://a.example.com" },
    { "endpoint", "HUAWEICLOUD_SDK_AOM_ENDPOINT", '"https://a.example.com"', false, "https://a.example.com" },
    { "endpoint", "HUAWEICLOUD_SDK_AOM_ENDPOINT", "https://a, https://b:8443/x%20y\n",
      "https://a, https://b:8443/x%20y", "https://a, https://b:8443/x%20y" },
    { "iam_endpoint", "HUAWEICLOUD_SDK_IAM_ENDPOINT", " https://[::1]:1/v3 ", "https://[::1]:1/v3",
      "https://[::1]:1/v3" },
    { "metadata", "HUAWEICLOUD_SDK_METADATA", "true\n", "true", "true" },
    { "metadata", "HUAWEICLOUD_SDK_METADATA", "true # agency", false, "true" },
  } do
    it(("%s = %q"):format(row[1], row[3]), function()
      local w = world.new { env = { [row[2]] = row[3] } }
      local value, _, err = layers.new({}, w):lookup(row[1])
      if row[4] then assert.are.equal(row[4], value) else assert.matches(row[2] .. " contains a ", err.message) end
      w = world.new { env = { HOME = "/h" }, files = { [PATH] = "[basic]\n" .. row[1] .. "=" .. row[3] } }
      value, _, err = layers.new({}, w):lookup(row[1])
      assert.is_nil(err)
      assert.are.equal(row[5], value)
    end)
  end

  it("that is a path keeps its marks, and loses quotes", function()
    for text, wanted in pairs { ["/run/a # b"] = "/run/a # b", ['"/run/a b"'] = "/run/a b", [" /run/t "] = "/run/t" } do
      assert.are.equal(wanted, (paste.from_file("id_token_file", text)))
    end
    assert.are.equal("/run/a b", (paste.from_variable("id_token_file", "/run/a b\n")))
  end)
end)

describe("a profile", function()
  local function load(text)
    return profile.load(world.new { env = { HOME = "/h" }, files = { [PATH] = text } })
  end

  local PAIR = { ak = "A", sk = "S" }
  for title, text in pairs {
    ["with keys in capitals"] = "[basic]\nAK = A\nSk = S",
    ["with a section in capitals"] = "[BASIC]\nak = A\nsk = S",
    ["with a comment behind its section"] = "[basic] # one account\nak = A\nsk = S",
    ["with a comment of the other kind there"] = "[ Basic ] ; one account\nak = A\nsk = S",
    ["of an old Mac"] = "[basic]\rak = A\rsk = S\r",
    ["of all line ends"] = "[basic]\r\nak = A\rsk = S\n",
    ["with a byte order mark"] = BOM .. "[basic]\nak = A\nsk = S",
    ["with foreign sections and keys"] = "[other]\nsk = X\nanything = 'x\n[basic]\nak = A\ndomain_id = d\n"
      .. "colour = x\nsk = S",
    ["with its section in two parts"] = "[basic]\nak = A\n[other]\nak = B\n[Basic]\nsk = S",
  } do
    it(title .. " is understood", function() assert.are.same(PAIR, (load(text))) end)
  end

  it("may write keys with hyphens", function()
    assert.are.same({ project_id = "P", security_token = "T" }, (load "[basic]\nproject-id = P\nSecurity-Token = T"))
  end)

  -- Text; what the message and the hint hold.
  for title, row in pairs {
    ["of UTF-16, little endian"] = { "\255\254[\0b\0", "is encoded in UTF-16", "save it as UTF-8" },
    ["of UTF-16, little endian, without a mark"] = { "[\0b\0", "is encoded in UTF-16", "save it as UTF-8" },
    ["of UTF-16, big endian, without a mark"] = { "\0#\82\7", "is encoded in UTF-16", "save it as UTF-8" },
    ["of UTF-16, big endian"] = { "\254\255\0[\0b", "is encoded in UTF-16", "save it as UTF-8" },
    ["with a misspelt key"] = { "[basic]\nak = A\nendpont = s3cr3t", "line 3: unknown key endpont",
      "did you mean endpoint?" },
    ["with another misspelt key"] = { "[basic]\npasswd = s3cr3t", "line 2: unknown key passwd", "mean password?" },
    ["with a key in two words"] = { "[basic]\nuser_name = s3cr3t", "line 2: unknown key user_name", "mean username?" },
    ["with a misspelt section"] = { "\n[baisc]\nak = s3cr3t", "line 2: unknown section [baisc]", "mean [basic]?" },
    ["with a section of one letter more"] = { "[basics]\nak = s3cr3t", "line 1: unknown section [basics]",
      "mean [basic]?" },
    ["with another tool's name for sk"] = { "[basic]\nak = A\nsecret = s3cr3t", "line 3: unknown key secret",
      "mean sk?" },
    ["with another tool's names, the first of which is told"] = { "[basic]\naccess_key = A\nsecret_key = s3cr3t",
      "line 2: unknown key access_key", "mean ak?" },
    ["with another cloud's name for sk"] = { "[basic]\nak = A\naws_secret_access_key = s3cr3t",
      "line 3: unknown key aws_secret_access_key", "mean sk?" },
    ["with a key of two words in one"] = { "[basic]\nSecretKey = s3cr3t", "line 2: unknown key secretkey", "mean sk?" },
    ["with a variable in place of a key"] = { "[basic]\nHUAWEICLOUD_SDK_SK = s3cr3t",
      "line 2: unknown key huaweicloud_sdk_sk", "mean sk?" },
    ["with a variable of another name"] = { "[basic]\nHUAWEICLOUD_SDK_AOM_ENDPOINT = https://s3cr3t",
      "line 2: unknown key huaweicloud_sdk_aom_endpoint", "mean endpoint?" },
    ["with a project, and no id of one"] = { "[basic]\nproject = s3cr3t", "line 2: unknown key project",
      "mean project_id?" },
    ["with a key in two cases"] = { "[basic]\nsk = A\nSK = s3cr3t", "line 3: duplicate key sk" },
  } do
    it(title .. " is refused", function()
      local values, err = load(row[1])
      assert.is_nil(values)
      assert.are.equal("config", err.kind)
      assert.is_truthy(err.message:find(row[2], 1, true), err.message)
      if row[3] then assert.is_truthy(err.hint:find(row[3], 1, true), err.hint) else assert.is_nil(err.hint) end
      assert.is_nil(tostring(err):find("s3cr3t", 1, true))
    end)
  end

  for text, words in pairs {
    ["[default]\nak = A\nsk = S"] = "it has no section [basic], but [default]",
    ["[prod]\nak = A\n[dev]\nak = A"] = "it has no section [basic], but [dev], [prod]",
    ["# nothing"] = "it has no section [basic]",
    ["[basic]\nregion = cn-north-4"] = "none is there",
    ["[basic]\nnote = S\ncolour = A\ndomain_id = d"] = "none is there, but colour, note",
    ["[basic]\ns3cr3tKEY==\n" .. ("s"):rep(40) .. "="] = "none is there",
  } do
    it(("that gives no credentials is named: %q"):format(text), function()
      local values, err = find({}, text)
      assert.is_nil(values)
      assert.is_truthy(err.hint:find("under [basic] in " .. PATH .. " (" .. words .. ")", 1, true), err.hint)
    end)
  end
end)

describe("a profile's keys that mean nothing", function()
  local KEYS = "[basic]\nak = A\nsk = S\nregion = cn-north-4\n"

  --- What a client says of a profile that has more keys.
  local function warnings(text)
    local w = world.new { env = { HOME = "/h" }, files = { [PATH] = KEYS .. text } }
    for _ = 1, 2 do client.close(assert(client.open({ loop = "blocking" }, w))) end
    return w.warnings
  end

  -- The lines that follow; what is said of them, or nothing.
  for text, said in pairs {
    ["colour = s3cr3t"] = "colour in line 5",
    ["timeout = 20"] = "timeout in line 5 (cannot be set in a profile)",
    ["client-key-password = s3cr3t"] = "client_key_password in line 5 (cannot be set in a profile)",
    ["note = s3cr3t\n\nca_file = /x"] = "note in line 5, ca_file in line 7 (cannot be set in a profile)",
    ["secret_key = s3cr3t"] = "secret_key in line 5", ["S3CR3Ts3cr3t=="] = "a key in line 5",
    [("s"):rep(40) .. "="] = "a key in line 5", ["domain_id = d"] = false, ["[global]\ncolour = blue"] = false,
    ["# colour = blue"] = false,
  } do
    it(("are %s: %q"):format(said and "told of once" or "not told of", text), function()
      assert.are.same(said and { ("profile %s has keys that are not known, and ignored: %s"):format(PATH, said) } or {},
        warnings(text))
    end)
  end
end)

describe("the file of a token", function()
  local id_token = require "aom.credentials.providers.id_token"
  local JWT = "eyJ.s3cr3t-_.sig"

  -- Text; what an id token and a pod's token come to, or what is said.
  for _, row in ipairs {
    { JWT, JWT, JWT }, { JWT .. "\n", JWT, JWT }, { "\r\n " .. JWT .. "\r\n\r\n", JWT, JWT }, { BOM .. JWT, JWT, JWT },
    { '"' .. JWT .. '"', JWT, '"' .. JWT .. '"' }, { JWT .. " # x", JWT, JWT .. " # x" },
    { "Bearer " .. JWT, ": it contains a space", "Bearer " .. JWT },
    { JWT .. "\n" .. JWT, ": it contains a space, a tab or a line end", ": it contains a space, a tab or a line end" },
    { '{"token":"' .. JWT .. '"}', ": it contains a", '{"token":"' .. JWT .. '"}' },
    { "\255\254e\0", ": it contains a character that is not ASCII", ": it contains a control character" },
    { "", "contains no", "contains no" }, { " \n", "contains no", "contains no" },
  } do
    for i, name in ipairs { "id_token", "pod_token" } do
      it(("%q is read as an %s"):format(row[1], name), function()
        local wanted = row[i + 1]
        local value, err = id_token.read_secret(world.new { files = { ["/t"] = row[1] } }, "/t", "token", name)
        if not wanted:find "^:" and not wanted:find "^contains" then return assert.are.equal(wanted, value) end
        assert.is_nil(value)
        assert.is_truthy(err.message:find("the file /t contains no token", 1, true), err.message)
        assert.is_truthy(err.message:find(wanted, 1, true), err.message)
        assert.is_nil(tostring(err):find("s3cr3t", 1, true))
      end)
    end
  end
end)

describe("with nothing set", function()
  it("everything that is missing is told at once", function()
    local state, err = client.open(nil, world.new { env = { HOME = "/h" } })
    assert.is_nil(state)
    assert.are.equal("config", err.kind)
    assert.are.equal("neither a region nor an endpoint is set, and no credentials were found", err.message)
    assert.matches("^to begin, set HUAWEICLOUD_SDK_AK, .* and HUAWEICLOUD_SDK_REGION; looked for ", err.hint)
    for _, name in ipairs { "HUAWEICLOUD_SDK_REGION", "HUAWEICLOUD_SDK_AOM_ENDPOINT", "HUAWEICLOUD_SDK_AK", PATH } do
      assert.is_truthy(err.hint:find(name, 1, true), err.hint)
    end
  end)

  it("but credentials, the region alone is", function()
    local _, err = client.open({ ak = "A", sk = "S" }, world.new {})
    assert.are.equal("neither a region nor an endpoint is set", err.message)
  end)

  it("but a region, the credentials alone are", function()
    local _, err = client.open({ region = "cn-north-4" }, world.new {})
    assert.are.equal("no credentials were found", err.message)
  end)
end)
