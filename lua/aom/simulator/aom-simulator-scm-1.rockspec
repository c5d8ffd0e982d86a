rockspec_format = "3.0"
package = "aom-simulator"
version = "scm-1"
source = {
  url = "git+https://github.com/lua-aom/lua-aom.git",
}
description = {
  summary = "Simulates Huawei Cloud AOM workflows on this machine",
  detailed = [[
A stand-in for the automation API of Huawei Cloud's Application Operations
Management and for the gateway before it: it checks signatures and tokens, keeps
the state of workflows, and misbehaves on request, so that scripts can be tested
without an account and without a network.]],
  homepage = "https://github.com/lua-aom/lua-aom",
  issues_url = "https://github.com/lua-aom/lua-aom/issues",
  license = "Apache-2.0",
  labels = { "huaweicloud", "aom", "testing" },
}
-- LuaJIT and Lua 5.1 alone: luaossl, which Debian builds for them, sets the limit.
dependencies = {
  "lua >= 5.1, < 5.2",
  "cqueues",
  "http",
  "lua-cjson",
  "luaossl",
}
build = {
  type = "none",
  install = {
    lua = {
      -- the modules, by `make rockspecs`
      ["aom.simulator.account"] = "lua/aom/simulator/account.lua",
      ["aom.simulator.answers"] = "lua/aom/simulator/answers.lua",
      ["aom.simulator.certificate"] = "lua/aom/simulator/certificate.lua",
      ["aom.simulator.clock"] = "lua/aom/simulator/clock.lua",
      ["aom.simulator.command"] = "lua/aom/simulator/command.lua",
      ["aom.simulator.control"] = "lua/aom/simulator/control.lua",
      ["aom.simulator.elliptic"] = "lua/aom/simulator/elliptic.lua",
      ["aom.simulator.exchange"] = "lua/aom/simulator/exchange.lua",
      ["aom.simulator.executions"] = "lua/aom/simulator/executions.lua",
      ["aom.simulator.faults"] = "lua/aom/simulator/faults.lua",
      ["aom.simulator.gateway"] = "lua/aom/simulator/gateway.lua",
      ["aom.simulator.iam"] = "lua/aom/simulator/iam.lua",
      ["aom.simulator"] = "lua/aom/simulator/init.lua",
      ["aom.simulator.issued"] = "lua/aom/simulator/issued.lua",
      ["aom.simulator.json"] = "lua/aom/simulator/json.lua",
      ["aom.simulator.library"] = "lua/aom/simulator/library.lua",
      ["aom.simulator.listing"] = "lua/aom/simulator/listing.lua",
      ["aom.simulator.long_headers"] = "lua/aom/simulator/long_headers.lua",
      ["aom.simulator.metadata"] = "lua/aom/simulator/metadata.lua",
      ["aom.simulator.recorder"] = "lua/aom/simulator/recorder.lua",
      ["aom.simulator.ring"] = "lua/aom/simulator/ring.lua",
      ["aom.simulator.router"] = "lua/aom/simulator/router.lua",
      ["aom.simulator.server"] = "lua/aom/simulator/server.lua",
      ["aom.simulator.service"] = "lua/aom/simulator/service.lua",
      ["aom.simulator.settings"] = "lua/aom/simulator/settings.lua",
      ["aom.simulator.shapes"] = "lua/aom/simulator/shapes.lua",
      ["aom.simulator.signature"] = "lua/aom/simulator/signature.lua",
      ["aom.simulator.uri"] = "lua/aom/simulator/uri.lua",
      ["aom.simulator.workflows"] = "lua/aom/simulator/workflows.lua",
      -- the end of the modules
    },
  },
}
