--- Proves who owns a maintenance window among several processes, and that it survives a full disk and
--- a kill during a save.

local aom = require "aom"
local process = require "spec.support.process"
local safe = require "aom.safe"
local windows = require "spec.support.windows"

local quote = process.quote
local PROJECT = ("0123456789abcdef"):rep(2)

describe("a maintenance window of one of several processes", function()
  local simulator, c, file, shim, started

  local function client(options)
    local all = { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
    for name, value in pairs(options or {}) do all[name] = value end
    return aom.client(all)
  end

  setup(function()
    simulator = process.simulator { ak = "A", sk = "S", project = PROJECT }
    shim = process.shim "failing_file"
  end)
  teardown(function() simulator.stop() end)

  --- Eight workflows, all on: four whose names begin with "a", four with "b".
  local function prepare()
    simulator.reset()
    local workflows = {}
    for i = 1, 8 do
      local name = ("%s-%d"):format(i > 4 and "b" or "a", i)
      workflows[name] = { name = name, type = "cron", trigger_status = "enable" }
    end
    simulator.set { workflows = workflows }
  end

  before_each(function()
    prepare()
    started = {}
    file = os.tmpname()
    os.remove(file)
    c = client()
  end)
  after_each(function()
    for _, stop in ipairs(started) do stop() end
    c:close()
    windows.remove(file)
  end)

  local function off()
    local list = {}
    for id, workflow in pairs(simulator.state().workflows) do
      if workflow.trigger_status == "disable" then list[#list + 1] = id end
    end
    table.sort(list)
    return table.concat(list, " ")
  end

  local function command(what, words) return windows.command(what, simulator.url, file, 0, nil, words) end

  --- The output of another process that pauses or resumes.
  local function elsewhere(what, words) return (process.run(command(what, words) .. " 2>&1"):gsub("\n$", "")) end

  --- Another process that pauses, and stays until the function that is returned ends it.
  local function owner(words)
    local fifo = file .. ".stay"
    process.run("mkfifo " .. quote(fifo))
    local pipe = io.popen(("echo $$; exec env %s < %s 2>&1"):format(
      windows.command("pause", simulator.url, file, 0, nil, "match=. stay " .. (words or "")), quote(fifo)))
    local feed = assert(io.open(fifo, "w"))
    os.remove(fifo)
    local pid, line = pipe:read "*l", pipe:read "*l"
    local stopped
    local function stop(signal)
      if stopped then return end
      stopped = true
      if signal then process.run(("kill -%s %s"):format(signal, pid)) end
      feed:close()
      pipe:close()
    end
    started[#started + 1] = stop
    assert(line and line:find "^done paused", line)
    return pid, stop
  end

  it("is not resumed by another process while its owner lives, unless forced", function()
    local pid = owner()
    local paused = off()
    local ok, err = pcall(c.resume, c, file)
    assert.is_false(ok)
    assert.are.equal("argument", err.kind)
    assert.is_truthy(err.message:find("process " .. pid .. " on ", 1, true), err.message)
    assert.matches("force = true", err.hint)
    assert.are.equal(paused, off())
    assert.are.equal(8, c:resume(file, { dry_run = true }).paused)
    assert.are.equal(8, c:resume(file, { force = true }).resumed)
    assert.are.equal("", off())
    assert.is_true(c:resume(file).already)
  end)

  for name, signal in pairs { ["was killed"] = "KILL", ["has ended"] = false } do
    it("is ended by another process when its own " .. name, function()
      local _, stop = owner()
      stop(signal)
      assert.are.equal("done resumed", elsewhere "resume")
      assert.are.equal("", off())
      assert.are.equal("done resumed already", elsewhere "resume")
      assert.are.equal(8, c:pause({ match = ".", file = file }).paused)
      assert.are.equal(8, c:resume(file).resumed)
    end)
  end

  it("can have no owner", function()
    owner "detach"
    assert.are.equal(8, c:resume(file).resumed)
    assert.are.equal("", off())
  end)

  it("belongs to the client that paused", function()
    local first = client()
    first:pause { match = ".", file = file }
    assert.matches("holds this window", elsewhere "resume")
    first:close()
    assert.are.equal("done resumed", elsewhere "resume")
    first = client()
    first:pause { match = ".", file = file }
    first = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.are.equal("done resumed", elsewhere "resume")
    assert.are.equal("", off())
  end)

  it("is resumed by any client of its process, and then released", function()
    local first = client()
    first:pause { match = ".", file = file }
    assert.are.equal(8, c:resume(file).resumed)
    assert.are.equal("done paused", elsewhere("pause", "match=^a"))
    local ok, err = pcall(first.pause, first, { match = "^b", file = file })
    assert.is_false(ok)
    assert.matches("has not been resumed", err.message)
    assert.are.equal(4, first:resume(file).resumed)
    first:close()
    assert.are.equal("", off())
  end)

  it("still belongs to its client if pausing is interrupted", function()
    local ok = pcall(c.pause, c, { match = ".", file = file, on_result = function() error "no more" end })
    assert.is_false(ok)
    assert.matches("holds this window", elsewhere "resume")
    c:resume(file, { settle_timeout = 0 })
    assert.are.equal("", off())
  end)

  it("has no owner if nothing was paused", function()
    simulator.set { workflows = { odd = { name = "a-odd", trigger_status = "WEIRD" } } }
    assert.is_false((pcall(c.pause, c, { match = "^a", file = file })))
    simulator.set { workflows = { odd = false } }
    assert.are.equal("done paused", elsewhere("pause", "match=^b"))
    assert.are.equal(4, c:resume(file).resumed)
  end)

  it("is used by one call of its process at a time", function()
    local refusals = {}
    -- Lua 5.1 cannot wait inside of a pcall there.
    local quiet = safe.client { endpoint = simulator.url, project_id = PROJECT, ak = "A", sk = "S", proxy = "" }
    c:pause { match = ".", file = file, concurrency = 1, on_result = function(_, done)
      if done > 1 then return end
      local result
      result, refusals[1] = quiet:resume(file)
      assert.is_nil(result)
      result, refusals[2] = quiet:pause { match = "^b", file = file }
      assert.is_nil(result)
    end }
    quiet:close()
    for i = 1, 2 do assert.matches("this process is pausing or resuming this window", refusals[i].message) end
    c:resume(file)
    assert.are.equal("", off())
  end)

  -- Both wait for a lock that the shell holds until they are there.
  local RACE = [[
    exec 9>%s.gate && flock 9
    flock -s %s.gate env %s >%s.1 2>&1 9>&- & p=$!
    flock -s %s.gate env %s >%s.2 2>&1 9>&- & q=$!
    sleep 0.1; exec 9>&-; wait $p $q; rm %s.gate
  ]]

  --- The outputs of two processes that begin at the same moment, or nearly so.
  local function race(first, second, is_exact)
    local output = file .. ".out"
    local quoted = quote(output)
    process.run(is_exact and RACE:format(quoted, quoted, first, quoted, quoted, second, quoted, quoted)
      or ("%s > %s.1 2>&1 & p=$!; %s > %s.2 2>&1; wait $p"):format(first, quoted, second, quoted))
    local said = {}
    for i = 1, 2 do
      local path = ("%s.%d"):format(output, i)
      said[i] = assert(io.open(path)):read "*a"
      os.remove(path)
    end
    return said
  end

  it("goes to one of two processes that pause at once, in ten rounds of ten", function()
    for round = 1, 10 do
      prepare()
      windows.remove(file)
      local said = race(command("pause", "match=^a"), command("pause", "match=^b"), round % 3 == 0)
      local winners = 0
      for i, text in ipairs(said) do
        if text:find "^done paused" then
          winners = winners + 1
          local name = i == 1 and "a" or "b"
          assert.are.equal(4, select(2, off():gsub(name .. "%-", "")))
          assert.are.equal(4, #off():gsub("[^-]", ""))
        else
          assert.is_truthy(text:find("holds this window", 1, true) or text:find("has not been resumed", 1, true), text)
        end
      end
      assert.are.equal(1, winners, table.concat(said))
      assert.are.equal(4, c:resume(file, windows.SHORTLY).resumed)
      assert.are.equal("", off(), "round " .. round)
    end
  end)

  it("is resumed once by two processes that resume at once", function()
    for _ = 1, 5 do
      prepare()
      windows.remove(file)
      c:pause { match = ".", file = file, detach = true }
      local said = race(command "resume", command "resume")
      local ended = 0
      for _, text in ipairs(said) do
        if text == "done resumed\n" then ended = ended + 1 end
        assert.is_truthy(text:find "^done resumed" or text:find("holds this window", 1, true), text)
      end
      assert.are.equal(1, ended, table.concat(said))
      assert.are.equal("", off())
    end
  end)

  it("is resumed on a full disk, with an error about the disk", function()
    elsewhere("pause", "match=.")
    local output = process.run(("FAIL=write:1+=full LD_PRELOAD=%s %s 2>&1"):format(quote(shim), command "resume"))
    assert.are.equal("", off())
    assert.matches("^aom: config: the paused workflows are enabled again, but the window's file cannot be saved",
      output)
    assert.is_truthy(output:find(file .. " cannot be written: No space left on device", 1, true), output)
    assert.matches('the file still records the stage "paused"', output)
    assert.are.equal("done resumed", elsewhere "resume")
    assert.are.equal("done resumed already", elsewhere "resume")
    assert.are.equal("", off())
  end)

  it("disables nothing that a full disk cannot record", function()
    for saving = 1, 12 do
      prepare()
      windows.remove(file)
      local output = process.run(("FAIL=fsync:%d+=full LD_PRELOAD=%s %s 2>&1"):format(2 * saving - 1, quote(shim),
        command("pause", "match=.")))
      local left = off()
      assert.matches("No space left on device", output)
      -- Three at once, each batch saved before it begins.
      assert.is_true(#left:gsub("[^-]", "") <= 3 * math.ceil((saving - 1) / 4), saving .. ": " .. left)
      if left ~= "" then c:resume(file, windows.SHORTLY) end
      assert.are.equal("", off())
    end
  end)

  --- The names of the window's file and of the files beside it.
  local function suffixes()
    local names = {}
    for name in process.run("ls -d " .. quote(file) .. "*"):gmatch "[^\n]+" do
      names[#names + 1] = "FILE" .. name:sub(#file + 1)
    end
    return table.concat(names, " ")
  end

  it("leaves at most one extra file when it is killed during a save", function()
    local allowed = { ["FILE.lock FILE.new"] = true, ["FILE FILE.lock FILE.new"] = true, ["FILE.lock"] = true,
      ["FILE FILE.lock"] = true }
    for _, failure in ipairs { "open:3", "write:4", "fsync:5", "rename:2", "link:1", "unlink:1" } do
      prepare()
      windows.remove(file)
      process.run(("FAIL=%s=kill LD_PRELOAD=%s %s 2>&1"):format(failure, quote(shim), command("pause", "match=.")))
      local names = suffixes()
      assert.is_truthy(allowed[names], names)
      if names:find "^FILE " then c:resume(file, windows.SHORTLY) end
      assert.are.equal("", off())
      c:pause { match = ".", file = file }
      c:resume(file)
      assert.are.equal("FILE FILE.lock", suffixes())
    end
  end)
end)
