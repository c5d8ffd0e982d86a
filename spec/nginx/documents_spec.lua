--- Proves that the configurations of nginx in the documents work, with no more around them than
--- the paths of a checkout.

local documents = require "spec.support.documents"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local AK, SK, PROJECT = "DOCUMENTKEY", "document-secret", ("0123456789abcdef"):rep(2)

for _, block in ipairs(documents.blocks_for "nginx") do
  describe(("%s:%d"):format(block.path, block.line), function()
    local simulator, server

    setup(function()
      simulator = process.simulator { ak = AK, sk = SK, project = PROJECT, workflows = { "WORKFLOW_ID" } }
      server = nginx.start {
        env = ("HUAWEICLOUD_SDK_AK=%s HUAWEICLOUD_SDK_SK=%s HUAWEICLOUD_SDK_PROJECT_ID=%s "
          .. "HUAWEICLOUD_SDK_AOM_ENDPOINT=%s"):format(AK, SK, PROJECT, simulator.url),
        config = function(usual, port)
          return usual:match "^(.-)server {" .. block.text:gsub("8080", port):gsub("^http {", "")
        end,
      }
    end)
    teardown(function()
      server:stop()
      simulator.stop()
    end)

    it("switches a workflow", function()
      local body, status = server:get "/night"
      assert.are.equal(200, status, body)
      assert.matches("WORKFLOW_ID", body)
      assert.are.equal("disable", simulator.state().workflows.WORKFLOW_ID.trigger_status)
    end)

    it("answers with the error", function()
      simulator.script { { match = "/trigger/", status = 403 } }
      local body, status = server:get "/night"
      assert.are.equal(502, status)
      assert.matches("^aom: service", body)
    end)
  end)
end
