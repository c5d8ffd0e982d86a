--- Writes the texts that the fuzzer begins with: the signature vectors, the answers of the
--- matrix, samples of files and times, and each input that once found something.
---
---     lua spec/fuzz/seeds.lua FOLDER

local cjson = require "cjson"
local faults = require "spec.matrix.network"

local DATE = "Fri, 02 Jan 2026 03:04:16 GMT"
local samples = {
  '{"success"}', '{"error_code":"AOM.31001302","error_msg":"Invalid param","http_code":400}',
  '{"error_msg":"x","error_code":"APIGW.0301","request_id":"r"}', '{"error":{"code":401,"message":"m","title":"t"}}',
  '{"details":[{"error_code":"a","error_msg":"b"},null,[1,{}]]}', "<html>", "", "null", "[[]]", '"\\ud800"', "\255\254",
  '{"elements":[{"id":"a","name":"b"}],"total":1}',
  '{"workflow_executions":[{"status":"success","id":"e"}],"count":1}',
  "Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:PUT|/a/|q=1|host:h||host|e3",
  "signature expired, signature time:20211217T064303Z,server time:20211217T065804Z\0" .. DATE,
  DATE, "120\0" .. DATE, "1.5", "2026-11-25T10:00:00+08:00", "20260102T030405Z", "2026-02-29T24:60:60.123Z",
  "[basic]\nak = a\nsk=b\n", "\239\187\191[basic] ; c\r\nAK = 'a'\rproject-id: p # c\n", "[default]\nendpont = x\n",
  "https://user@host:99999/p?q#f", "http://[::1]:80/a/../b", "https://127.0.0.1.example.com",
  '{ "format": "lua-aom window 1", "project_id": "p", "endpoint": "https://aom.example.com", "begun": 1.5,\n'
    .. '"patience": 30, "stage": "paused", "workflows": [\n{"id":"a","name":"b","state":"paused"}\n] }\n',
  "PUT\0aom.example.com\0/v1/p/w\00020260102T030405Z\0body\0X-Project-Id\0p\0action\0enable",
  "\31\4\60\12\68\20\28\3abc\31\76\92\84\100",
}

local function add(list, text) list[#list + 1] = text end

local file = assert(io.open("spec/fixtures/vectors.json", "rb"))
for _, vector in ipairs(cjson.decode(file:read "*a")) do
  local pieces = { vector.method, vector.host, vector.path, vector.sdk_date, tostring(vector.body) }
  for _, pair in ipairs(vector.query or {}) do
    add(pieces, tostring(pair[1]))
    add(pieces, tostring(pair[2]))
  end
  for i = 1, #pieces do pieces[i] = tostring(pieces[i]) end
  add(samples, table.concat(pieces, "\0"))
end
file:close()
for _, fault in ipairs(faults) do
  -- One for what reads in pieces of a length that stands in front.
  for _, bytes in ipairs(fault.replies or {}) do
    add(samples, bytes)
    add(samples, "\60" .. bytes)
  end
end

for i, text in ipairs(samples) do
  local seed = assert(io.open(("%s/%03d"):format(arg[1], i), "wb"))
  seed:write(text)
  seed:close()
end
