--- Proves that signatures equal those of the official SDKs. The openssl command gives a second opinion on
--- HMACs, curve keys and signatures.
local core = require "aom.core"
local cjson = require "cjson"

local here = debug.getinfo(1, "S").source:match("^@(.*)unit/.*$")
local SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
local SHA256_OF_BRACES = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
local SM3_OF_NOTHING = "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

local vectors = cjson.decode(read(here .. "fixtures/vectors.json"))

local function hex(bytes)
  return (bytes:gsub(".", function(byte)
    return ("%02x"):format(byte:byte())
  end))
end

local function unhex(text)
  return (text:gsub("%x%x", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- The openssl command says the same to every Lua: two of them ask it.
local asks_openssl = rawget(_G, "jit") or _VERSION == "Lua 5.4"
local by_openssl = asks_openssl and it or function() end

-- Runs the openssl command; {name} in it stands for a file with files[name], {out}
-- for one whose contents are returned as the second result.
local function openssl(command, files)
  local paths = { out = os.tmpname() }
  for name, bytes in pairs(files) do
    paths[name] = os.tmpname()
    local file = assert(io.open(paths[name], "wb"))
    file:write(bytes)
    file:close()
  end
  local pipe = assert(io.popen("openssl " .. command:gsub("{(%w+)}", paths) .. " 2>&1"))
  local printed = pipe:read("*a")
  pipe:close()
  local written = read(paths.out)
  for _, path in pairs(paths) do
    os.remove(path)
  end
  return printed, written
end

local function hmac(digest, key, message)
  local command = ("mac -digest %s -macopt hexkey:%s -in {message} HMAC"):format(digest, hex(key))
  local printed = openssl(command, { message = message })
  return assert(printed:match("%x+"), printed):lower()
end

local function hash(digest, message)
  return openssl("dgst -" .. digest .. " -r {message}", { message = message }):match("^%x+")
end

local curves = {
  ["SDK-ECDSA-P256-SHA256"] = { digest = "sha256", oid = "06082a8648ce3d030107", options = "" },
  ["SDK-SM2-SM3"] = { digest = "sm3", oid = "06082a811ccf5501822d",
    options = " -pkeyopt distid:1234567812345678" },
}

local function public_der(curve, point)
  return unhex("3059301306072a8648ce3d0201" .. curve.oid .. "03420004" .. point)
end

local function verifies(curve, public, message, signature)
  local printed = openssl("pkeyutl -verify -pubin -keyform DER -inkey {key} -rawin -digest " ..
    curve.digest .. " -in {message} -sigfile {signature}" .. curve.options,
    { key = public, message = message, signature = unhex(signature) })
  return printed:find("Signature Verified Successfully", 1, true) ~= nil
end

-- The number one above; no candidate of these specs ends in 64 f's.
local function successor(number)
  local head, digit, tail = number:match("^(.-)([^f])(f*)$")
  return head .. ("%x"):format(tonumber(digit, 16) + 1) .. ("0"):rep(#tail)
end

-- Derives the pair of an access key with the openssl command alone.
local function derive(algorithm, ak, sk)
  local curve = curves[algorithm]
  local label = "\0\0\0\1" .. algorithm .. "\0" .. ak .. "\0" .. "\0\0\1\0"
  local private = successor(hmac(curve.digest, sk, label))
  local der = unhex("30310201010420" .. private .. "a00a" .. curve.oid)
  local printed, public = openssl("pkey -inform DER -in {key} -pubout -outform DER -out {out}", { key = der })
  assert(#public > 0, printed)
  return private, public
end

local function request(changes)
  local made = { method = "GET", host = "h.example.com", path = "/p", date = "20260102T030405Z" }
  for name, value in pairs(changes or {}) do
    made[name] = value
  end
  return made
end

local function signer(changes)
  local made = { ak = "AccessKey", sk = "SecretKey" }
  for name, value in pairs(changes or {}) do
    made[name] = value
  end
  return assert(core.signer(made))
end

local function sign(changes, key)
  return core.sign(request(changes), signer(key))
end

local function signature_of(signed)
  return signed.headers.Authorization:match(", Signature=(%x+)$")
end

-- Line ends in a canonical request: those of the headers, then names, then payload.
local function payload_line(signed)
  return signed.canonical_request:match("([^\n]*)$")
end

describe("a vector of the official SDKs", function()
  local function sign_vector(v)
    return core.sign({
      method = v.method, host = v.host, path = v.path, query = v.query, headers = v.headers,
      body = v.body, date = v.sdk_date,
      signed_headers = v.expected_from == "go" and { "x-sdk-date" } or nil,
    }, assert(core.signer {
      ak = v.ak, sk = v.sk, security_token = v.security_token, algorithm = v.algorithm,
      region = v.region, service = v.service,
    }))
  end

  local function check_elliptic(v, signed)
    local prefix = v.expected.authorization_prefix
    assert.equal(prefix, signed.headers.Authorization:sub(1, #prefix))
    if not asks_openssl then return end
    local curve = curves[v.algorithm]
    local public = public_der(curve, v.expected.public_key.x .. v.expected.public_key.y)
    local private, derived = derive(v.algorithm, v.ak, v.sk)
    assert.equal(v.expected.private_key, private)
    assert.equal(hex(public), hex(derived))
    assert.is_true(verifies(curve, public, signed.string_to_sign, signature_of(signed)))
    assert.is_false(verifies(curve, public, signed.string_to_sign .. "x", signature_of(signed)))
  end

  for _, v in ipairs(vectors) do
    it(v.name, function()
      if v.expected.error then
        assert.has_error(function() sign_vector(v) end,
          "credentials.sk: expected a non-empty string")
        return
      end
      local signed = assert(sign_vector(v))
      assert.equal(v.expected.canonical_request, signed.canonical_request)
      assert.equal(v.expected.string_to_sign, signed.string_to_sign)
      assert.equal(v.expected.signed_headers, signed.signed_headers)
      if curves[v.algorithm] then
        check_elliptic(v, signed)
      else
        assert.equal(v.expected.authorization, signed.headers.Authorization)
      end
    end)
  end

  it("exists for every algorithm", function()
    local seen, count = {}, 0
    for _, v in ipairs(vectors) do
      if not seen[v.algorithm] then
        seen[v.algorithm], count = true, count + 1
      end
    end
    assert.equal(5, count)
    assert.equal(27, #vectors)
  end)
end)

describe("a published signature", function()
  local v11 = { algorithm = "V11-HMAC-SHA256", region = "test-region-1", service = "demo" }
  local sm3 = { algorithm = "SDK-HMAC-SM3" }
  local documented = { ak = "QTWAOYTTINDUT2QVKYUC", sk = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc" }
  local aom_v11 = { algorithm = "V11-HMAC-SHA256", region = "cn-north-4", service = "aom" }
  local project = "0123456789abcdef0123456789abcdef"

  local documentation = { host = "service.region.example.com", path = "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs",
    query = { { "limit", "2" }, { "marker", "13551d6b-755d-4757-b956-536f674975c0" } },
    headers = { ["Content-Type"] = "application/json" }, date = "20191115T033655Z" }
  local go_get = { path = "/path", query = { { "limit", "1" } }, date = "20060102T150405Z",
    headers = { TEST_UNDERSCORE = "TEST_VALUE", ["Content-Type"] = "application/json" },
    signed_headers = { "X-Sdk-Date" } }
  local go_post = { method = "POST", path = "/path", query = { { "key", "value" } }, date = "20060102T150405Z",
    signed_headers = { "x-sdk-date" }, body = '{"Name":"test","Id":1}\n' }
  local python_get = { host = "service.endpoint.myhuaweicloud.com", path = "/resources", query = { { "size", "1" } },
    headers = { TEST_UNDERSCORE = "TEST_VALUE" }, date = "20200608T023900Z" }
  local python_post = { method = "POST", host = python_get.host, path = "/resources", query = { { "size", "1" } },
    date = "20200608T023900Z", body = '{"name":"test","id":1}' }
  local switch = { method = "PUT", host = "aom.cn-north-4.myhuaweicloud.com", query = { { "action", "enable" } },
    path = "/v1/" .. project .. "/cms/workflow/wf-1/trigger/action", headers = { ["X-Project-Id"] = project } }
  local switch_more = { method = "PUT", host = switch.host, path = switch.path, query = { { "action", "enable" } },
    headers = { ["X-Project-Id"] = project, ["Content-Type"] = "application/json", ["X-Security-Token"] = "tok" } }

  local cases = {
    { "of the documentation", documentation, documented,
      "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
      "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a" },
    { "of the Go SDK, GET", go_get, nil, "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624" },
    { "of the Go SDK, GET, SM3", go_get, sm3, "acdeecf8061419275127135b54532c2c20b683bf9bbb8a32bee021a8c40befd4" },
    { "of the Go SDK, GET, V11", go_get, v11, "8fd3610508884bb19718317797c7378716a94bc740d97502e569322e366341cc" },
    { "of the Go SDK, POST", go_post, nil, "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59" },
    { "of the Go SDK, POST, SM3", go_post, sm3, "359e49285fe5a469f82b86fd761b1a4a7ee16e3181de7d643c53a30667cde508" },
    { "of the Go SDK, POST, V11", go_post, v11, "4112f88b92d82dd1e1b7dd142f1e99e4f1762c42ca8fe0968b3045120870a903" },
    { "of the Python SDK, GET", python_get, nil, "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842" },
    { "of the Python SDK, GET, V11", python_get, v11,
      "f7dfee056692e58dede80fc80cb89bbfabf45552dd7cd8d18a0a13484455b98e" },
    { "in the Python SDK's form, GET, SM3", python_get, sm3,
      "f8ceb623f0be123dbccd7ad95a6211470f170d1d3c4fa9facbce716d82190e21" },
    { "of the Python SDK, POST", python_post, nil, "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f" },
    { "of the Python SDK, POST, V11", python_post, v11,
      "8e2d91eaf9656ec5d6fab27812e2d898a35aaaa5e16ee0a0365c38527ccfb3cf" },
    { "in the Python SDK's form, POST, SM3", python_post, sm3,
      "6521b276625d7870e9836c041bafb2fa8d6a7ed0df045b06f1b137243c050ed8" },
    { "of switching a workflow", switch, nil, "bd1ed707a1a88e87cf19642670d8371801f1136234cd5d907049653e5a2d6536",
      "8b612a0bd49e6e1f75ea3dffcdd44ed5c7d2df4fa1ec95a1a3969c713105d2e5" },
    { "of switching a workflow, with everything", switch_more, { security_token = "tok" },
      "9ecb65c8becf256ed3a8d0685a71ff9613fec7fae55771e937d81018b3990fd6",
      "35707eb7c102cd800d2db4e9a5769633736dd5817558cf06bde148cb34d7c391" },
    { "of switching a workflow, V11", switch, aom_v11,
      "4eea674cc8466562fc4921f6e94852adc2f593acfe75109a9a75e5b5ad64f7ba" },
    { "of switching a workflow, V11, with everything", switch_more, aom_v11,
      "33f6f93af5f65d694d5eb2340d62b01c4427d0977086e57ba8ef6cab4d4403a2" },
  }

  for _, case in ipairs(cases) do
    it(case[1], function()
      local signed = assert(sign(case[2], case[3]))
      assert.equal(case[4], signature_of(signed))
      if case[5] then
        assert.equal(case[5], signed.string_to_sign:match("[^\n]+$"))
      end
    end)
  end
end)

describe("the elliptic-curve algorithms", function()
  local known = {
    ["SDK-ECDSA-P256-SHA256"] = {
      private = "ba662ea95135c3914cc5d09e1015cb55c9218856723d0fae988c05502b983e33",
      point = "83b30289afebbd528dac225a0122bef136de34b03e3f227e11a8be6bdc3a40c4" ..
        "6a0b57aba59b04eefa7003f7be4cc93cea57c673e36d22f20de2bf4014b87650",
      hello = "3046022100f9ebe464147cc102d92324d099d927c1a50e42d57a08a116ffec0a29819d8c65" ..
        "022100a7f9af7b241c82abdd47c824918ee8a72d1da93b954ff81341ec45cbb2de628d",
    },
    ["SDK-SM2-SM3"] = {
      private = "16b922bc93996e38c6f88a60d9e9454b0fca65fe72f3ef9630a231aa23e9be06",
      point = "fd2c60aaeb7a6688e807f8708db9f9ddf7d3b0e35f694f7615e4878343e8c8e6" ..
        "7af920da01a5818e3ad5fabf3585d1c44cae96b9b9cec7c61d975ff4b10f2a9e",
      hello = "30450220639d69999ad604555a8751fd62bc361369aede2dfa4499a4b1fd018a9501af93" ..
        "022100de57acd263c67f66d365cbede605e588c21aa9654b7d5899abadb60bc5f73a22",
    },
  }

  for name, curve in pairs(curves) do
    by_openssl("make the key pair that " .. name .. " defines", function()
      local private = derive(name, "AccessKey", "SecretKey")
      local public = public_der(curve, known[name].point)
      local signed = assert(sign(nil, { algorithm = name }))
      assert.equal(known[name].private, private)
      assert.is_true(verifies(curve, public, "HelloWorld", known[name].hello))
      assert.is_true(verifies(curve, public, signed.string_to_sign, signature_of(signed)))
    end)

    it("use a new nonce: " .. name, function()
      local key = signer { algorithm = name }
      local first, second = core.sign(request(), key), core.sign(request(), key)
      assert.equal(first.string_to_sign, second.string_to_sign)
      assert.not_equal(signature_of(first), signature_of(second))
    end)

    for _, sizes in ipairs { { 1, 1 }, { 60, 40 }, { 64, 64 }, { 65, 65 }, { 300, 500 } } do
      local title = ("sign with an ak of %d and an sk of %d bytes: %s"):format(sizes[1], sizes[2], name)
      by_openssl(title, function()
        local ak, sk = ("A"):rep(sizes[1]), ("s"):rep(sizes[2])
        local _, public = derive(name, ak, sk)
        local signed = assert(sign(nil, { ak = ak, sk = sk, algorithm = name }))
        assert.is_true(verifies(curve, public, signed.string_to_sign, signature_of(signed)))
      end)
    end
  end
end)

describe("the HMAC algorithms", function()
  -- A hash block has 64 bytes: longer keys are hashed first.
  local sizes = { 1, 31, 32, 55, 56, 60, 63, 64, 65, 127, 128, 129, 1000 }

  for _, size in ipairs(sizes) do
    by_openssl(("take a secret key of %d bytes"):format(size), function()
      local sk = ("s"):rep(size)
      local sha256 = sign(nil, { sk = sk })
      local sm3 = sign(nil, { sk = sk, algorithm = "SDK-HMAC-SM3" })
      assert.equal(hmac("sha256", sk, sha256.string_to_sign), signature_of(sha256))
      assert.equal(hmac("sm3", sk, sm3.string_to_sign), signature_of(sm3))
    end)

    by_openssl(("take an access key of %d bytes as salt of V11"):format(size), function()
      local ak = ("A"):rep(size)
      local signed = sign(nil, { ak = ak, algorithm = "V11-HMAC-SHA256", region = "r", service = "s" })
      local extracted = unhex(hmac("sha256", ak, "SecretKey"))
      local key = hmac("sha256", extracted, "20260102/r/s\1")
      assert.equal(hmac("sha256", key, signed.string_to_sign), signature_of(signed))
    end)
  end

  by_openssl("take a secret key with NUL bytes", function()
    local signed = sign(nil, { sk = "a\0b\0" })
    assert.equal(hmac("sha256", "a\0b\0", signed.string_to_sign), signature_of(signed))
  end)

  it("give the same signature for the same input, whatever was signed between", function()
    local key = signer()
    local first = core.sign(request(), key)
    core.sign(request { path = ("/long"):rep(5000), body = ("x"):rep(10000) }, key)
    core.sign(request { date = "bad" }, key)
    assert.same(first, core.sign(request(), key))
  end)

  it("make a new V11 key when the date changes, and back", function()
    local key = signer { algorithm = "V11-HMAC-SHA256", region = "r", service = "s" }
    local function on(day)
      local signed = core.sign(request { date = day .. "T030405Z" }, key)
      assert.equal(("AccessKey/%s/r/s"):format(day), signed.headers.Authorization:match("Credential=([^,]+),"))
      return signature_of(signed)
    end
    local first, second = on "20260102", on "20260103"
    assert.not_equal(first, second)
    assert.equal(first, on "20260102")
  end)
end)

describe("the headers to add", function()
  it("are Authorization, Host and X-Sdk-Date if none was given", function()
    local signed = sign()
    assert.same({ Authorization = signed.headers.Authorization, Host = "h.example.com",
      ["X-Sdk-Date"] = "20260102T030405Z" }, signed.headers)
    assert.equal("host;x-sdk-date", signed.signed_headers)
  end)

  it("omit what was given", function()
    local signed = sign { date = "", headers = { HOST = " h.example.com ", ["x-sdk-date"] = "20260102T030405Z" } }
    assert.same({ Authorization = sign().headers.Authorization }, signed.headers)
  end)

  it("have the security token, signed", function()
    local signed = sign(nil, { security_token = "tok+/=" })
    assert.equal("tok+/=", signed.headers["X-Security-Token"])
    assert.equal("host;x-sdk-date;x-security-token", signed.signed_headers)
    assert.truthy(signed.canonical_request:find("\nx-security-token:tok+/=\n", 1, true))
    signed = sign({ headers = { ["x-security-token"] = "tok" } }, { security_token = "tok" })
    assert.is_nil(signed.headers["X-Security-Token"])
  end)

  it("are signed without blanks at their ends", function()
    local signed = sign({ host = " h.example.com " }, { security_token = " tok " })
    assert.truthy(signed.canonical_request:find("\nhost:h.example.com\n", 1, true))
    assert.truthy(signed.canonical_request:find("\nx-security-token:tok\n", 1, true))
  end)

  local left_out = { "Authorization", "User-Agent", "Content-Length", "Connection", "Keep-Alive", "Proxy-Connection",
    "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "X_Under", "_" }
  for _, name in ipairs(left_out) do
    it("do not sign " .. name, function()
      local signed = sign { headers = { [name] = "v" } }
      assert.equal("host;x-sdk-date", signed.signed_headers)
      assert.equal(sign().canonical_request, signed.canonical_request)
    end)
  end

  local taken = { "Accept", "Hos", "Hosts", "X-Te", "Tex", "Proxy", "Upgrade2", "Content-Types", "X-Sdk-Content-Sm4" }
  for _, name in ipairs(taken) do
    it("do not prevent signing " .. name, function()
      local signed = sign { headers = { [name] = " a  b\t" } }
      assert.truthy(signed.canonical_request:find("\n" .. name:lower() .. ":a  b\n", 1, true))
    end)
  end

  it("are in the order of bytes, also by the hundred", function()
    for _, count in ipairs { 3, 32, 33, 500 } do
      local headers, names = {}, { "host", "x-sdk-date" }
      for i = 1, count do
        local name = ("H%d-%s"):format(i * 7919 % 1009, ("x"):rep(i % 5))
        headers[name] = "v" .. i
        names[#names + 1] = name:lower()
      end
      table.sort(names)
      assert.equal(table.concat(names, ";"), sign({ headers = headers }).signed_headers)
    end
  end)

  it("follow a list in any case and any order, each name once", function()
    local signed = sign { headers = { B = "2", A = "1", C = "3", ["User-Agent"] = "u" },
      signed_headers = { "x-SDK-date", "b", "USER-agent", "B", "a" } }
    assert.equal("a;b;user-agent;x-sdk-date", signed.signed_headers)
    assert.equal("h.example.com", signed.headers.Host)
    assert.equal("a:1\nb:2\nuser-agent:u\nx-sdk-date:20260102T030405Z\n",
      signed.canonical_request:match("^GET\n/p/\n\n(.-)\n" .. "a;b"))
  end)
end)

describe("the payload line", function()
  local json = { "application/json", "Application/JSON; charset=utf-8", "  application/bson",
    "application/json-patch+json" }
  for _, kind in ipairs(json) do
    it("is the body's hash for " .. kind, function()
      assert.equal(SHA256_OF_BRACES, payload_line(sign { headers = { ["content-type"] = kind }, body = "{}" }))
    end)
  end

  local other = { "text/plain", "multipart/form-data; boundary=x", "application/jso", "x application/json", "" }
  for _, kind in ipairs(other) do
    for _, body in ipairs { "", "body" } do
      it(("is UNSIGNED-PAYLOAD for '%s' and the body '%s'"):format(kind, body), function()
        local signed = sign { headers = { ["Content-Type"] = kind }, body = body }
        assert.equal("UNSIGNED-PAYLOAD", payload_line(signed))
        assert.equal("UNSIGNED-PAYLOAD", signed.headers["X-Sdk-Content-Sha256"])
        assert.equal("content-type;host;x-sdk-content-sha256;x-sdk-date", signed.signed_headers)
        signed = sign({ headers = { ["Content-Type"] = kind }, body = body }, { algorithm = "SDK-HMAC-SM3" })
        assert.equal("UNSIGNED-PAYLOAD", signed.headers["X-Sdk-Content-Sm3"])
        assert.equal("content-type;host;x-sdk-content-sm3;x-sdk-date", signed.signed_headers)
      end)
    end
  end

  it("is the hash of nothing without a body", function()
    assert.equal(SHA256_OF_NOTHING, payload_line(sign()))
    assert.equal(SM3_OF_NOTHING, payload_line(sign(nil, { algorithm = "SDK-SM2-SM3" })))
  end)

  by_openssl("is of the hashes that are written here", function()
    assert.equal(SHA256_OF_BRACES, hash("sha256", "{}"))
    assert.equal(SHA256_OF_NOTHING, hash("sha256", ""))
    assert.equal(SM3_OF_NOTHING, hash("sm3", ""))
  end)

  it("is what the caller says", function()
    local signed = sign { headers = { ["X-Sdk-Content-Sha256"] = "abc", ["Content-Type"] = "text/plain" }, body = "b" }
    assert.equal("abc", payload_line(signed))
    assert.is_nil(signed.headers["X-Sdk-Content-Sha256"])
    signed = sign({ headers = { ["X-Sdk-Content-Sha256"] = "abc" } }, { algorithm = "SDK-HMAC-SM3" })
    assert.equal(SM3_OF_NOTHING, payload_line(signed))
  end)

  by_openssl("hashes bytes as they are, and twelve megabytes of them", function()
    local bytes = "\0\1\255\n" .. ("0123456789ab"):rep(1024 * 1024)
    assert.equal(hash("sha256", bytes), payload_line(sign { body = bytes }))
    assert.equal(hash("sm3", bytes), payload_line(sign({ body = bytes }, { algorithm = "SDK-HMAC-SM3" })))
  end)
end)
