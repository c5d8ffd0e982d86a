--- A good answer of a service that gives credentials, without what it should hold: the error
--- names the field, and nothing that the answer holds.

local client = require "aom.client.state"

local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world = require "spec.support.world"

local SUBJECT = { ["x-subject-token"] = "hush" }
local USER = { username = "u", password = "p", domain_name = "d", iam_endpoint = "https://iam.example.com" }
local ID_TOKEN = { idp_id = "i", id_token_file = "/f", iam_endpoint = "https://iam.example.com" }
local METADATA = { metadata = true }
local IAM, MACHINE = "the identity service (https://iam.example.com)", "the metadata service (http://169.254.169.254)"

local function keys(fields)
  local all = { access = '"hush"', secret = '"hush"', securitytoken = '"hush"', expires_at = '"2026-01-02T09:04:05Z"' }
  for name, value in pairs(fields) do all[name] = value end
  local list = {}
  for name, value in pairs(all) do list[#list + 1] = ('"%s":%s'):format(name, value) end
  return ('{"credential":{%s}}'):format(table.concat(list, ","))
end

-- The options, the good answers in their order, who is named, and the field.
local rows = {
  { USER, { { 201, SUBJECT, "hush" } }, IAM, "the body is not a JSON object" },
  { USER, { { 201, {}, "{}" } }, IAM, "the header X-Subject-Token is missing" },
  { USER, { { 201, SUBJECT, "{}" } }, IAM, "token.expires_at is not a valid time" },
  { USER, { { 201, SUBJECT, '{"token":{"expires_at":"hush"}}' } }, IAM, "token.expires_at is not a valid time" },
  { ID_TOKEN, { { 201, {}, "{}" } }, IAM, "the header X-Subject-Token is missing" },
  { ID_TOKEN, { { 201, SUBJECT, "{}" }, { 201, {}, '{"credential":"hush"}' } }, IAM, "credential is not an object" },
  { ID_TOKEN, { { 201, SUBJECT, "{}" }, { 201, {}, keys { secret = "5" } } }, IAM,
    "secret is missing or not a string" },
  { METADATA, { { 200, {}, " " } }, MACHINE, "the body is not a token" },
  { METADATA, { { 200, {}, "hush" }, { 200, {}, "[]" } }, MACHINE, "credential is not an object" },
  { METADATA, { { 200, {}, "hush" }, { 200, {}, keys { access = "null" } } }, MACHINE,
    "access is missing or not a string" },
  { METADATA, { { 200, {}, "hush" }, { 200, {}, keys { securitytoken = '""' } } }, MACHINE,
    "securitytoken is missing or not a string" },
  { METADATA, { { 200, {}, "hush" }, { 200, {}, keys { expires_at = '"hush"' } } }, MACHINE,
    "expires_at is not a valid time" },
}

describe("an unexpected response", function()
  for i, row in ipairs(rows) do
    it(("%d of %s says that %s"):format(i, row[3], row[4]), function()
      local w = world.new { files = { ["/f"] = "hush" } }
      local answers = {}
      for n, answer in ipairs(row[2]) do answers[n] = { status = answer[1], headers = answer[2], body = answer[3] } end
      local options = scripted.options(scripted.new(w, answers), { ak = false, sk = false })
      for name, value in pairs(row[1]) do options[name] = value end
      local result, err = methods.trigger(assert(client.open(options, w)), "wf-1", "enable")
      assert.is_nil(result)
      assert.are.equal("protocol", err.kind)
      assert.are.equal(("unexpected response from %s: %s"):format(row[3], row[4]), err.message)
      assert.is_nil(tostring(err):find("hush", 1, true))
    end)
  end
end)
