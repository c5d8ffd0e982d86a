--- `aom doctor`: whether all that a call needs is there, and how to fix what is not.

local aom = require "aom.safe"
local shells = require "aom.cli.shell"
local status = require "aom.cli.status"
local width = require "aom.cli.width"
local wording = require "aom.cli.wording"

local doctor = { name = "doctor", summary = "Check configuration, network, clock and credentials." }

function doctor.define() end

local colors = { ok = "green", warn = "yellow", fail = "red" }

-- The columns before what a check says.
local INDENT = 21

--- A text that a terminal shows beside them, if there is room.
local function beside(shell, value)
  value = width.printable(value)
  local room = (shell.columns or 0) - INDENT
  return room > INDENT and table.concat(width.wrap(value, room), "\n" .. (" "):rep(INDENT)) or value
end

local by_check = { endpoint = status.unreachable, tls = status.unreachable, access = status.refused }

function doctor.run(shell)
  local report, code = shells.must(aom.doctor(shell:options())), status.done
  for _, check in ipairs(report) do
    check.detail, check.fix = wording.of(check.detail), check.fix and wording.of(check.fix)
  end
  if shell.args.json then shell:answer(shells.list(report)) end
  for _, check in ipairs(report) do
    shell:say(("%s  %-13s  %s"):format(shell:paint(colors[check.status], ("%-4s"):format(check.status)), check.name,
      beside(shell, check.detail)))
    if check.fix then shell:say((" "):rep(INDENT) .. beside(shell, "fix: " .. check.fix)) end
    if check.status == "fail" and code == status.done then code = by_check[check.name] or status.usage end
  end
  return code
end

return doctor
