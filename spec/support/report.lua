-- A busted output handler for suite.sh. It prints failures as they come and
-- little else, and writes what happened, event by event, to the file named by
-- -Xoutput. A process that dies half-way leaves that file without its last line,
-- `done` and the seconds that it took, and with the name of the spec that was running.
local pretty = require "pl.pretty"

local function indent(text)
  return "    " .. tostring(text):gsub("\n+$", ""):gsub("\n", "\n    ")
end

local function describe_message(message)
  if message == nil then
    return "failed without a message"
  end
  return type(message) == "string" and message or pretty.write(message)
end

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local events = assert(io.open(options.arguments[1], "w"))
  local out = io.stdout
  local began = os.time()

  local function event(...)
    events:write(table.concat({ ... }, " "):gsub("\n", " "), "\n")
    events:flush()
  end

  local function place(element)
    local trace = element.trace
    if trace and trace.short_src then
      return ("%s:%d: "):format(trace.short_src, trace.currentline)
    end
    return ""
  end

  local function on_start(element)
    event("start", handler.getFullName(element))
    return nil, true
  end

  local function on_end(element, _, status)
    if status == "success" then
      event("passed")
    elseif status == "pending" then
      event("skipped", place(element) .. handler.getFullName(element))
    end
    return nil, true
  end

  local function on_failure(element, _, message, trace)
    local name = handler.getFullName(element)
    event("failed", name)
    out:write(place(element), name, "\n", indent(describe_message(message)), "\n")
    if options.verbose and trace and trace.traceback then
      out:write(indent(trace.traceback), "\n")
    end
    out:flush()
    return nil, true
  end

  local function on_exit()
    event("done", os.time() - began)
    return nil, true
  end

  busted.subscribe({ "test", "start" }, on_start)
  busted.subscribe({ "test", "end" }, on_end)
  busted.subscribe({ "failure" }, on_failure)
  busted.subscribe({ "error" }, on_failure)
  busted.subscribe({ "suite", "end" }, on_exit)

  return handler
end
