--- `aom request`: any other call of the service, or of another one.

local message = require "aom.cli.message"
local must = require "aom.cli.shell".must
local status = require "aom.cli.status"

local request = { name = "request", summary = "Make any signed call, and print its response." }

request.define = message.define

function request.run(shell)
  local answer = must(shell:client():request(message.read(shell.args)))
  if shell.args.json then
    -- Decoded and encoded again, empty lists would turn into objects and long numbers change. A byte
    -- order mark is no JSON but at the beginning.
    local data = answer.data ~= nil and answer.body:gsub("^\239\187\191", "")
    answer.data = nil
    shell:answer(answer, data and '"data":' .. data)
  else
    shell:write(answer.body .. (answer.body:find "[^\n]$" and shell.columns and "\n" or ""))
  end
  return status.done
end

return request
