rockspec_format = "3.0"
package = "aom"
version = "scm-1"
source = {
  url = "git+https://github.com/lua-aom/lua-aom.git",
}
description = {
  summary = "Switches Huawei Cloud AOM workflows on and off",
  detailed = [[
Enables and disables scheduled workflows of Huawei Cloud's Application
Operations Management: signing with OpenSSL and transfers with libcurl in C, and
one call that waits properly in plain Lua, Neovim and OpenResty alike.]],
  homepage = "https://github.com/lua-aom/lua-aom",
  issues_url = "https://github.com/lua-aom/lua-aom/issues",
  license = "Apache-2.0",
  labels = { "huaweicloud", "aom", "neovim", "openresty" },
}
dependencies = {
  "lua >= 5.1, < 5.5",
  "lua-cjson",
}
external_dependencies = {
  OPENSSL = { header = "openssl/evp.h", library = "crypto" },
  -- The library alone: Debian keeps curl's headers in a folder that the compiler
  -- searches and LuaRocks does not.
  CURL = { library = "curl" },
}
build = {
  type = "builtin",
  modules = {
    -- Builtin builds take no linker flags, so what the Makefile asks of the linker
    -- the module does by itself: when it is loaded it pins itself in memory, and
    -- its headers hide every name but luaopen_aom_core.
    ["aom.core"] = {
      sources = {
        "csrc/buffer.c",
        "csrc/engine.c",
        "csrc/engine_answer.c",
        "csrc/engine_transfer.c",
        "csrc/engine_watch.c",
        "csrc/lua_engine.c",
        "csrc/lua_request.c",
        "csrc/lua_sign.c",
        "csrc/module.c",
        "csrc/sign.c",
        "csrc/sign_canonical.c",
        "csrc/sign_digest.c",
        "csrc/sign_headers.c",
        "csrc/sign_key.c",
        "csrc/sign_signer.c",
        "csrc/sign_text.c",
        "csrc/uri.c",
      },
      defines = { "_GNU_SOURCE" },
      libraries = { "curl", "crypto" },
      incdirs = { "$(OPENSSL_INCDIR)" },
      libdirs = { "$(CURL_LIBDIR)", "$(OPENSSL_LIBDIR)" },
    },
    ["aom"] = "lua/aom.lua",
    ["aom.async"] = "lua/aom/async.lua",
    ["aom.attempt"] = "lua/aom/attempt.lua",
    ["aom.breaker"] = "lua/aom/breaker.lua",
    ["aom.call"] = "lua/aom/call.lua",
    ["aom.client"] = "lua/aom/client.lua",
    ["aom.clock"] = "lua/aom/clock.lua",
    ["aom.config"] = "lua/aom/config.lua",
    ["aom.credentials.chain"] = "lua/aom/credentials/chain.lua",
    ["aom.credentials.custom"] = "lua/aom/credentials/custom.lua",
    ["aom.credentials.environment"] = "lua/aom/credentials/environment.lua",
    ["aom.credentials.profile"] = "lua/aom/credentials/profile.lua",
    ["aom.credentials.static"] = "lua/aom/credentials/static.lua",
    ["aom.errors"] = "lua/aom/errors.lua",
    ["aom.explain"] = "lua/aom/explain.lua",
    ["aom.face"] = "lua/aom/face.lua",
    ["aom.gate"] = "lua/aom/gate.lua",
    ["aom.health"] = "lua/aom/health.lua",
    ["aom.identity"] = "lua/aom/identity.lua",
    ["aom.json"] = "lua/aom/json.lua",
    ["aom.loop.adapter"] = "lua/aom/loop/adapter.lua",
    ["aom.loop.blocking"] = "lua/aom/loop/blocking.lua",
    ["aom.loop.cosocket"] = "lua/aom/loop/cosocket.lua",
    ["aom.loop.driven"] = "lua/aom/loop/driven.lua",
    ["aom.loop.nginx"] = "lua/aom/loop/nginx.lua",
    ["aom.loop.open"] = "lua/aom/loop/open.lua",
    ["aom.loop.sockets"] = "lua/aom/loop/sockets.lua",
    ["aom.loop.stepper"] = "lua/aom/loop/stepper.lua",
    ["aom.loop.tasks"] = "lua/aom/loop/tasks.lua",
    ["aom.loop.transfers"] = "lua/aom/loop/transfers.lua",
    ["aom.loop.uv"] = "lua/aom/loop/uv.lua",
    ["aom.operations"] = "lua/aom/operations.lua",
    ["aom.options"] = "lua/aom/options.lua",
    ["aom.profile"] = "lua/aom/profile.lua",
    ["aom.regions"] = "lua/aom/regions.lua",
    ["aom.request"] = "lua/aom/request.lua",
    ["aom.response"] = "lua/aom/response.lua",
    ["aom.retry"] = "lua/aom/retry.lua",
    ["aom.safe"] = "lua/aom/safe.lua",
    ["aom.signing"] = "lua/aom/signing.lua",
    ["aom.simulator"] = "lua/aom/simulator.lua",
    ["aom.simulator.answers"] = "lua/aom/simulator/answers.lua",
    ["aom.simulator.certificate"] = "lua/aom/simulator/certificate.lua",
    ["aom.simulator.clock"] = "lua/aom/simulator/clock.lua",
    ["aom.simulator.control"] = "lua/aom/simulator/control.lua",
    ["aom.simulator.exchange"] = "lua/aom/simulator/exchange.lua",
    ["aom.simulator.faults"] = "lua/aom/simulator/faults.lua",
    ["aom.simulator.gateway"] = "lua/aom/simulator/gateway.lua",
    ["aom.simulator.json"] = "lua/aom/simulator/json.lua",
    ["aom.simulator.long_headers"] = "lua/aom/simulator/long_headers.lua",
    ["aom.simulator.recorder"] = "lua/aom/simulator/recorder.lua",
    ["aom.simulator.ring"] = "lua/aom/simulator/ring.lua",
    ["aom.simulator.router"] = "lua/aom/simulator/router.lua",
    ["aom.simulator.server"] = "lua/aom/simulator/server.lua",
    ["aom.simulator.service"] = "lua/aom/simulator/service.lua",
    ["aom.simulator.settings"] = "lua/aom/simulator/settings.lua",
    ["aom.simulator.signature"] = "lua/aom/simulator/signature.lua",
    ["aom.simulator.uri"] = "lua/aom/simulator/uri.lua",
    ["aom.simulator.workflows"] = "lua/aom/simulator/workflows.lua",
    ["aom.source"] = "lua/aom/source.lua",
    ["aom.system"] = "lua/aom/system.lua",
    ["aom.version"] = "lua/aom/version.lua",
  },
}
