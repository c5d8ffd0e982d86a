--- `aom doctor`: whether all that a call needs is there, and how to fix what is not.

local aom = require "aom.safe"
local shells = require "aom.cli.shell"
local status = require "aom.cli.status"

local doctor = { name = "doctor", summary = "Check configuration, network, clock and credentials." }

function doctor.define() end

local colors = { ok = "green", warn = "yellow", fail = "red" }

local by_check = { endpoint = status.unreachable, tls = status.unreachable, access = status.refused }

function doctor.run(shell)
  local report, code = shells.must(aom.doctor(shell:options())), status.done
  if shell.args.json then shell:answer(shells.list(report)) end
  for _, check in ipairs(report) do
    shell:say(("%s  %-13s  %s"):format(shell:paint(colors[check.status], ("%-4s"):format(check.status)), check.name,
      check.detail))
    if check.fix then shell:say((" "):rep(21) .. "fix: " .. check.fix) end
    if check.status == "fail" and code == status.done then code = by_check[check.name] or status.usage end
  end
  return code
end

return doctor
