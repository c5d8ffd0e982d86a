--- Proves that a window's journal is read in any locale and in its former format, and that its lock works.

local client = require "aom.client.state"
local methods = require "aom.client.methods"
local process = require "spec.support.process"
local system = require "aom.util.platform"
local two_workflows = require "spec.support.two_workflows"
local world_of = require "spec.support.world"

local FILE = two_workflows.FILE

describe("a maintenance window", function()
  local scene, world, service
  local function open(...) return scene.open(...) end
  local function pause(...) return scene.pause(...) end
  local function resume(...) return scene.resume(...) end

  before_each(function()
    scene = two_workflows.new()
    world, service = scene.world, scene.service
  end)

  it("is kept from a client that finds out by its first call that it belongs to another project", function()
    assert(pause())
    local paused = world.files[FILE]
    local state, loop = open { project_id = false, iam_endpoint = "https://iam.example.com", region = "cn-north-4" }
    local fetch = loop.fetch
    function loop.fetch(attempt, ...)
      if attempt.path ~= "/v3/projects" then
        service.status = {}
        return fetch(attempt, ...)
      end
      return { status = 200, headers = {},
        body = ('{"projects":[{"id":"%s","name":"cn-north-4"}]}'):format(("f"):rep(32)) }
    end
    local resumed, err = methods.resume(state, FILE, { settle_timeout = 0 })
    assert.is_nil(resumed)
    assert.are.equal("argument", err.kind)
    assert.matches("records a window of project", err.message)
    assert.are.equal(paused, world.files[FILE])
  end)

  for shown, given in pairs { ["42"] = 42, ['""'] = "", ["a table"] = {} } do
    it("is resumed by itself or its file, and not by " .. shown, function()
      local resumed, err = methods.resume((open()), given)
      assert.is_nil(resumed)
      assert.are.same({ "argument", "resume: expected what client:pause returned, or its file, got " .. shown },
        { err.kind, err.message })
    end)
  end

  describe("and its journal:", function()
    -- As the library wrote it before the journal was independent of the locale.
    local BEFORE = [[
{
  "format": "lua-aom window 1",
  "project_id": "0123456789abcdef0123456789abcdef",
  "endpoint": "https:\/\/aom.example.com",
  "begun": 1767323045,
  "settled_by": 1767323178,
  "patience": %s,
  "stage": "paused",
  "workflows": [
    {"state":"paused","seen":{"update_by":"5, 6","name":"na\"me 7,8","update_time":1764028800123},"id":"a","name":"a"},
    {"id":"b","state":"paused","seen":{"update_by":"5, 6","name":"b"},"unsettled":true,"name":"b \\"}
  ]
}
]]

    local function see_off()
      service.status = { a = "disable", b = "disable" }
      service.seen = { a = { update_by = "5, 6", name = 'na"me 7,8', update_time = 1764028800123 },
        b = { update_by = "5, 6", name = "b" } }
    end

    for patience, seconds in pairs { ["12.5"] = 12.5, ["30"] = 30, ["0.25"] = 0.25, ["0,5"] = 0.5 } do
      it("is read in its former format, with a patience of " .. patience, function()
        see_off()
        world.files[FILE] = BEFORE:format(patience)
        local resumed, err, loop = resume()
        assert.is_nil(err)
        assert.are.same({ seconds }, loop.slept)
        assert.are.equal(2, resumed.resumed)
        assert.are.same({}, resumed.noticed)
        assert.are.equal('b \\', resumed.workflows[2].name)
      end)
    end

    -- What is found, and what stands there after an edit.
    for title, edit in pairs {
      ["a state that is not known"] = { '"state":"paused"', '"state":"Paused"' },
      ["an entry without a state"] = { '"state":"paused",', "" },
      ["an entry without an id"] = { '"id":"b",', "" },
      ["an entry that is none"] = { '"workflows": %[', '"workflows": [ 5,' },
      ["null in place of an entry"] = { '"workflows": %[', '"workflows": [ null,' },
      ["an object in place of the list"] = { '"workflows": %[.*%]', '"workflows": { "a": {} }' },
      ["no list"] = { ',\n  "workflows": %[.*%]', "" },
      ["what a workflow looked like, and is no object"] = { '"seen":%b{}', '"seen":true' },
      ["a note that is no text"] = { '"state":"paused"', '"note":{},"state":"paused"' },
      ["a stage that is not known"] = { '"stage": "paused"', '"stage": "done"' },
      ["no patience"] = { '"patience": %d+,', "" },
      ["another format"] = { "lua%-aom window 1", "lua-aom window 2" },
      ["half of it"] = { "^(.*)%b{}.*$", "%1" },
    } do
      it("is refused with " .. title .. ", and kept", function()
        see_off()
        local edited, count = BEFORE:format(30):gsub(edit[1], edit[2])
        assert.is_true(count > 0)
        world.files[FILE] = edited
        local resumed, err = resume()
        assert.is_nil(resumed)
        assert.are.equal("argument", err.kind)
        assert.matches("is not the file of a maintenance window", err.message)
        assert.are.equal(edited, world.files[FILE])
        assert.is_nil(pause())
        assert.are.same({ a = "disable", b = "disable" }, service.status)
      end)
    end

    it("notices an edit by its time", function()
      see_off()
      service.seen.a.update_time = 1764028800124
      world.files[FILE] = BEFORE:format "0.1"
      assert.are.equal("a", resume().noticed[1].id)
    end)

    it("records workflows with any numbers", function()
      service.seen = { a = { update_time = 1764028800.25, name = "a", update_by = "x" }, b = { update_time = 2 ^ 60 } }
      assert(pause())
      assert.are.same({}, resume().noticed)
    end)

    it("is saved and read in any locale, set at any time", function()
      local directory = process.locales()
      if not directory then return pending "localedef cannot make a locale here" end
      local chunk = process.temporary(([[
        local BEFORE = %q
        local cjson, journal = require "aom.util.json", require "aom.client.window.journal"
        local numbers = require "aom.client.window.numbers"
        local world = require("spec.support.world").new()
        local state = { system = world, settings = { project_id = ("0123456789abcdef"):rep(2), attempt_timeout = 0.25,
          endpoint = { base = "https://aom.example.com" } } }
        local function german(when)
          return function(now) os.setlocale(now >= when and "de_DE.UTF-8" or "C") end
        end
        assert(os.setlocale "de_DE.UTF-8" and not ("%%.1f"):format(0.5):find("0.5", 1, true) or jit)
        for when = 1, 4 do
          local now = german(when)
          now(1)
          if when %% 2 == 0 then cjson.encode(0.5) end
          now(2)
          local seen = { update_time = numbers.text(1764028800.25), name = "5,5" }
          local saved = journal.new(state, "f", { { id = "a,1", name = "1, 2.5", state = "paused", seen = seen } })
          assert(saved:save())
          now(3)
          for _, text in ipairs { world.files.f, BEFORE:format "0.25" } do
            world.files.g = text
            local loaded = assert(journal.load(state, "g"))
            assert(loaded.patience == 0.25)
            local at = loaded.workflows[1].seen.update_time
            assert(at == numbers.text(text == world.files.f and 1764028800.25 or 1764028800123), at)
            assert(loaded:save())
            assert(journal.load(state, "g").patience == 0.25)
          end
          print(when, (world.files.f:match "patience[^\n]*"))
        end
      ]]):format(BEFORE))
      local output = process.run(("env LOCPATH=%s LUA_PATH=%s LUA_CPATH=%s %s %s 2>&1"):format(process.quote(directory),
        process.quote(package.path), process.quote(package.cpath), process.interpreter, process.quote(chunk)))
      os.remove(chunk)
      local line = '\tpatience": 0.250000,\n'
      assert.are.equal("1" .. line .. "2" .. line .. "3" .. line .. "4" .. line, output)
    end)

    for name, text in pairs {
      ["no patience"] = '{"format":"lua-aom window 1","stage":"paused","workflows":[]}',
      ["a patience that is no number"] = '{"format":"lua-aom window 1","stage":"paused","patience":"x","workflows":[]}',
      ["a text that does not end"] = '{"format":"lua-aom window 1","stage":"pau',
      ["an escape at its end"] = '{"format":"lua-aom window 1","stage":"pau\\',
      ["numbers alone"] = "1, 2.5, -3e+7",
    } do
      it("is refused with " .. name, function()
        world.files[FILE] = text
        local resumed, err = resume()
        assert.is_nil(resumed)
        assert.matches("is not the file of a maintenance window", err.message)
        assert.are.equal(text, world.files[FILE])
      end)
    end
  end)

  describe("and its lock:", function()
    --- Another process has it for the first `count` attempts.
    local function had_by(owner, count)
      local lock_file, asked = world.lock_file, 0
      function world.lock_file(path)
        asked = asked + 1
        if asked <= count then return nil, "somebody has it", owner end
        return lock_file(path)
      end
    end

    for name, case in pairs {
      ["another process"] = { { pid = 7, host = "web1" }, "paused.json: process 7 on web1 is still running and holds" },
      ["nobody knows who"] = { {}, "paused.json: another process is still running and holds this window" },
      ["this process"] = { "self", "paused.json: this process is pausing or resuming this window" },
    } do
      it("keeps a window from being begun: " .. name, function()
        had_by(case[1], math.huge)
        local paused, err = pause()
        assert.is_nil(paused)
        assert.are.equal("argument", err.kind)
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
        assert.are.equal(0, scene.looks)
        assert.is_nil(world.files[FILE])
      end)

      it("keeps a window from being resumed, unless forced: " .. name, function()
        assert(pause())
        scene.looks = 0
        had_by(case[1], math.huge)
        local resumed, err = resume()
        assert.is_nil(resumed)
        assert.are.equal("argument", err.kind)
        assert.is_truthy(err.message:find(case[2], 1, true), err.message)
        assert.are.equal(case[1] ~= "self", (err.hint or ""):find("force = true", 1, true) ~= nil)
        assert.are.equal(0, scene.looks)
        assert.are.equal(2, resume({ force = true }).resumed)
        assert.is_true(resume().already)
      end)

      it("is waited for a moment: " .. name, function()
        had_by(case[1], 3)
        assert(pause())
        had_by(case[1], 3)
        assert.are.equal(2, resume().resumed)
      end)
    end

    it("is not waited for by a cancelled call", function()
      had_by({ pid = 7, host = "web1" }, math.huge)
      local state, loop = open()
      local handle
      function loop.spawn(body)
        loop.body = body
        return body
      end
      local sleep, caught = loop.sleep, nil
      function loop.sleep(seconds)
        sleep(seconds)
        handle:cancel()
      end
      handle = methods.pause(state, { match = ".", file = FILE }, function(err) caught = err end)
      loop.body()
      assert.are.equal("cancelled", caught.kind)
      assert.are.equal(1, #loop.slept)
    end)

    it("is required to pause, but not to resume", function()
      function world.lock_file(path) return nil, path .. ".lock cannot be created: No space left on device" end
      local paused, err = pause()
      assert.is_nil(paused)
      assert.are.equal("config", err.kind)
      assert.matches("paused.json.lock cannot be created: No space left on device", err.message)
      local broken = world.lock_file
      world.lock_file = world_of.new().lock_file
      assert(pause())
      world.lock_file = broken
      assert.are.equal(2, resume().resumed)
      assert.matches("without a lock: paused.json.lock cannot be created", world.warnings[1])
    end)

    it("is omitted with a warning if the file system has no locks", function()
      local lock_file = world.lock_file
      function world.lock_file(path) return lock_file(path), path .. ".lock cannot be locked: No locks available" end
      assert(pause())
      assert.are.equal(1, #world.warnings)
      assert.matches("^paused.json.lock cannot be locked: No locks available, so another process can",
        world.warnings[1])
      assert.are.equal(2, resume().resumed)
    end)

    for name, case in pairs {
      ["kept"] = { {}, "rest" }, ["not kept when it is detached"] = { { detach = true }, "release" },
      ["not kept where there are workers"] = { { workers = true }, "release" },
      ["kept where there are workers and somebody wants it"] = { { workers = true, detach = false }, "rest" },
    } do
      it("is " .. name, function()
        local lock_file, ended = world.lock_file, nil
        function world.has_workers() return case[1].workers or false end
        function world.lock_file(path)
          local lock = lock_file(path)
          function lock.rest() ended = "rest" end
          function lock.release() ended = "release" end
          return lock
        end
        local state = open()
        assert(methods.pause(state, { match = ".", file = FILE, detach = case[1].detach }))
        assert.are.equal(case[2], ended)
        client.close(state)
        assert.are.equal("release", ended)
      end)
    end

    it("is not kept in nginx, which has several workers", function()
      local before = rawget(_G, "ngx")
      rawset(_G, "ngx", nil)
      local outside = system.has_workers()
      rawset(_G, "ngx", { get_phase = function() end })
      local inside = system.has_workers()
      rawset(_G, "ngx", before)
      assert.is_false(outside)
      assert.is_true(inside)
    end)

    it("does not allow overwriting a file that somebody else has created meanwhile", function()
      local read_file = world.read_file
      function world.read_file(path)
        local text, why, absent = read_file(path)
        world.files[FILE] = "somebody else's"
        return text, why, absent
      end
      local paused, err = pause()
      assert.is_nil(paused)
      assert.are.equal("argument", err.kind)
      assert.matches("paused.json was created by another process meanwhile", err.message)
      assert.are.equal("somebody else's", world.files[FILE])
      assert.are.same({ a = "enable", b = "enable" }, service.status)
    end)
  end)
end)
