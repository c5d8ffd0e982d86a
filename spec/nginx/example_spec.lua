--- Proves that examples/openresty works unchanged, except for its port and folder.

local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local AK, SK, PROJECT = "EXAMPLEKEY", "example-secret", ("0123456789abcdef"):rep(2)

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

describe("examples/openresty", function()
  local simulator, server, at

  setup(function()
    -- A time that has passed when nginx has started would be tomorrow's.
    at = os.time() + math.ceil(patience.of(3))
    simulator = process.simulator { ak = AK, sk = SK, project = PROJECT,
      workflows = { "wf-1", "night-1", "night-2" } }
    local folder = process.run("cd " .. process.quote(process.root) .. " && pwd"):match "^(.-)\n"
      .. "/examples/openresty"
    server = nginx.start {
      env = ("HUAWEICLOUD_SDK_AK=%s HUAWEICLOUD_SDK_SK=%s HUAWEICLOUD_SDK_PROJECT_ID=%s "
        .. "HUAWEICLOUD_SDK_AOM_ENDPOINT=%s NIGHT_WORKFLOWS='night-1 nobody night-2' NIGHT_AT=%s"):format(
        AK, SK, PROJECT, simulator.url, os.date("%H:%M:%S", at)),
      -- Debian's load_module lines, and the user that may read the temporary prefix.
      config = function(usual, port)
        local head = usual:match "^(.-)worker_processes"
        local user = usual:match "user root;" or ""
        local text = read(folder .. "/nginx.conf"):gsub("8080", port):gsub("%$prefix", folder)
        return head .. user .. "\n" .. text
      end,
    }
  end)
  teardown(function()
    server:stop()
    simulator.stop()
  end)

  local function status_of(id) return simulator.state().workflows[id].trigger_status end

  it("switches a workflow by a request", function()
    local body, status = server:curl("/workflows/wf-1/disable", "-X POST")
    assert.are.equal(200, status)
    assert.matches('"action":"disable"', body, 1, true)
    assert.are.equal("disable", status_of "wf-1")
    server:curl("/workflows/wf-1/enable", "-X POST")
    assert.are.equal("enable", status_of "wf-1")
  end)

  it("answers with the service's error", function()
    local body, status = server:curl("/workflows/nobody/disable", "-X POST")
    assert.are.equal(404, status)
    assert.matches('"error":', body, 1, true)
    assert.are.equal(400, select(2, server:curl("/workflows/a%25b/disable", "-X POST")))
    assert.are.equal(403, select(2, server:get "/workflows/wf-1/disable"))
  end)

  it("disables its list at the time that is set", function()
    local latest = at + patience.of(10)
    while not server:log():find("workflow night-2: disabled", 1, true) and os.time() < latest do
      process.sleep(0.1)
    end
    assert.matches("workflow night-1: disabled", server:log(), 1, true)
    assert.are.equal("disable", status_of "night-2")
    -- A failed one does not stop the others.
    assert.matches("workflow nobody: aom: service", server:log(), 1, true)
  end)
end)
