--- Proves that a key or token whose one-way name cannot be computed is an error, and no raw one, and that its
--- secret is not kept: OpenSSL fails so where it gets no memory.

local client = require "aom.client.state"
local core = require "aom.core"
local methods = require "aom.client.methods"
local scripted = require "spec.support.scripted"
local world = require "spec.support.world"

local FAILURES = {
  crypto = { "an OpenSSL operation failed", "config", "nothing can be signed: an OpenSSL operation failed" },
  memory = { "not enough memory", "network", "out of memory" },
}
local CREDENTIALS = { ["a key pair"] = {}, ["a token"] = { ak = false, sk = false, token = "T" } }

describe("without a fingerprint", function()
  local class = debug.getmetatable(core.signer { ak = "A", sk = "S" }).__index
  local real = class.fingerprint
  after_each(function() class.fingerprint = real end)

  for code, row in pairs(FAILURES) do
    for what, given in pairs(CREDENTIALS) do
      -- A key pair has two: one for the process, one for its own client.
      for failing = 1, what == "a key pair" and 2 or 1 do
        it(("(%s, the number %d) %s is refused, and nothing is sent"):format(code, failing, what), function()
          local w, count, signers = world.new(), 0, {}
          function class.fingerprint(signer)
            count = count + 1
            signers[count] = signer
            if count == failing then return nil, row[1], code end
            return real(signer)
          end
          local loop = scripted.new(w, {})
          local state, err = client.open(scripted.options(loop, given), w)
          if state then err = select(2, methods.trigger(state, "wf-1", "enable")) end
          assert.are.same({ row[2], row[3] }, { err.kind, err.message })
          assert.are.equal(what == "a key pair" and 2 or 1, count)
          -- What is not used any more keeps no secret.
          for _, signer in ipairs(signers) do assert.is_false((pcall(real, signer))) end
        end)
      end
    end
  end
end)
