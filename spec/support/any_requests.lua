--- The same requests of every kind, for specs of all hosts: what each of them comes to, as a
--- list that can be compared.

local any_requests = {}

-- Each follows another on the same connection: what is left unread of one spoils the next.
local list = {
  { method = "HEAD", path = "/v1/{project_id}/things" },
  { method = "GET", path = "/v1/{project_id}/things", query = { limit = 2 } },
  { method = "HEAD", path = "/v1/{project_id}/things", query = { a = "b c" } },
  { method = "DELETE", path = "/v1/{project_id}/things/1" },
  { method = "PATCH", path = "/v1/{project_id}/things/1", body = { a = {} } },
  { method = "POST", path = "/v1/{project_id}/things", body = "a,b", headers = { ["Content-Type"] = "text/csv" } },
  { method = "PUT", path = "/v1/{project_id}/things/ä b", body = { 1, 2 }, headers = { ["X-Tab"] = "a\tb" } },
  { method = "OPTIONS", path = "/v1/{project_id}/things" },
  { method = "GET", path = "/none" },
  { method = "HEAD", path = "/none" },
  { method = "DELETE", path = "/empty" },
  { method = "GET", path = "/unchanged", headers = { ["If-None-Match"] = '"x"' } },
}

--- What the simulator has to be told beforehand.
any_requests.settings = { catch_all = true, response_headers = { ["x-list"] = { "1", "2" }, ["X-One"] = "3" } }

any_requests.script = {
  { match = "/none", status = 404, times = 2 }, { match = "/empty", status = 204 },
  { match = "/unchanged", status = 304 },
}

--- Makes the requests.
---@param client table  of aom.safe
---@return table[]
function any_requests.run(client)
  local results = {}
  for i, request in ipairs(list) do
    local answer, err = client:request(request)
    results[i] = answer and { answer.status, answer.data and answer.data.method or answer.body, answer.headers["x-one"],
      table.concat(answer.headers["x-list"] or {}, ","), answer.attempts } or { err.kind, err.status or err.message }
  end
  return results
end

--- What they come to.
any_requests.expected = {}
for i, request in ipairs(list) do
  local method = request.method
  any_requests.expected[i] = { 200, method == "HEAD" and "" or method, "3", "1,2", 1 }
end
any_requests.expected[9], any_requests.expected[10] = { "service", 404 }, { "service", 404 }
any_requests.expected[11], any_requests.expected[12] = { 204, "", "3", "1,2", 1 }, { 304, "", "3", "1,2", 1 }

return any_requests
