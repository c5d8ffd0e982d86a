--- The world around the library (aom.System), made of tables: environment, files,
--- clocks that stand still until they are moved, chance from a list. And a loop to go
--- with it, whose tasks wait in that time.

local core = require "aom.core"

local unpack = table.unpack or unpack

local world = {}

---@class spec.Task
---@field thread thread
---@field done boolean
---@field results? any[]  what the body returned
---@field wakes integer   how often somebody woke it

local function pack(...) return { n = select("#", ...), ... } end

--- Every function is called with a dot, as those of aom.System are.
---@param given? table  { env, files, time, random }
---@return table
function world.new(given)
  given = given or {}
  local self = {
    env = given.env or {},
    files = given.files or {},  -- path -> contents
    modes = {},                 -- path -> permission bits
    warnings = {},
    read = {},                  -- the paths that were read, in order
    drawn = 0,                  -- how many random numbers were taken
  }
  local started = given.time or 1767323045 -- 2026-01-02T03:04:05Z
  local elapsed = 0
  local numbers = given.random or { 0.5 }

  function self.getenv(name) return self.env[name] end

  function self.read_file(path)
    self.read[#self.read + 1] = path
    local text = self.files[path]
    if text then return text end
    return nil, path .. ": No such file or directory", true
  end

  function self.write_file(path, text, create)
    if create and self.files[path] then return nil, path .. " cannot be created: File exists", true end
    self.files[path] = text
    return true
  end

  --- A lock that every caller gets.
  function self.lock_file()
    local held = true
    local function drop() held = false end
    return { rest = function() end, finish = drop, release = drop, is_held = function() return held end }
  end

  function self.has_workers() return false end

  function self.file_mode(path) return self.modes[path] end

  function self.time() return started + math.floor(elapsed) end

  --- Counts from 0, so that a time of day taken for it is noticed.
  function self.now() return elapsed end

  --- The numbers given, in order; the last one repeats.
  function self.random()
    self.drawn = self.drawn + 1
    return numbers[math.min(self.drawn, #numbers)]
  end

  function self.warn(message) self.warnings[#self.warnings + 1] = message end

  local waiting = {} -- task -> when its wait is over
  local ready = {}

  local function settle()
    local task = table.remove(ready, 1)
    while task do
      local results = pack(coroutine.resume(task.thread, task.woken))
      assert(results[1], results[2])
      if coroutine.status(task.thread) == "dead" then
        task.done = true
        task.results = { n = results.n - 1, unpack(results, 2, results.n) }
      end
      task = table.remove(ready, 1)
    end
  end

  local by_thread, tasks = setmetatable({}, { __mode = "k" }), 0

  local function current()
    local thread = coroutine.running()
    return thread and by_thread[thread]
  end

  --- Starts a task. It runs until it waits, and on when it is woken or its time comes.
  ---@param body function
  ---@return spec.Task
  function self.go(body)
    tasks = tasks + 1
    local task = { thread = coroutine.create(body), number = tasks, done = false, wakes = 0 }
    by_thread[task.thread] = task
    ready[#ready + 1] = task
    if not current() then settle() end
    return task
  end

  local function resume_later(task, woken)
    waiting[task] = nil
    task.woken = woken
    ready[#ready + 1] = task
  end

  local function wait_until(deadline)
    local task = current()
    waiting[task] = deadline
    return coroutine.yield()
  end

  --- Makes `task` never come back, as a light thread that was killed.
  function self.kill(task) waiting[task] = nil end

  --- Moves both clocks, and wakes the tasks whose time has come.
  function self.advance(seconds)
    elapsed = elapsed + seconds
    local due = {}
    for task, deadline in pairs(waiting) do
      if deadline <= elapsed then due[#due + 1] = task end
    end
    table.sort(due, function(a, b)
      if waiting[a] ~= waiting[b] then return waiting[a] < waiting[b] end
      return a.number < b.number
    end)
    for _, task in ipairs(due) do resume_later(task, false) end
    if not current() then settle() end
  end

  --- An aom.Loop without requests; outside a task nothing can wait in it.
  ---@param shared? table  a store as ngx.shared has them
  function self.loop(shared)
    core.now = self.now
    return {
      now = self.now,
      shared = shared,
      sleep = function(seconds) wait_until(elapsed + seconds) end,
      waiter = function()
        local task = current()
        if not task then return nil end
        return {
          wait = wait_until,
          wake = function()
            task.wakes = task.wakes + 1
            if waiting[task] then resume_later(task, true) end
            if not current() then settle() end
          end,
        }
      end,
    }
  end

  --- A store with the functions and the expiry of ngx.shared.DICT.
  function self.store()
    local entries = {}
    local store = { entries = entries }

    local function live(key)
      local entry = entries[key]
      if entry and entry.expires and entry.expires <= elapsed then entries[key] = nil end
      return entries[key]
    end

    local function expiry(ttl) return ttl and ttl > 0 and elapsed + ttl or nil end

    function store.get(_, key)
      local entry = live(key)
      return entry and entry.value
    end

    function store.set(_, key, value, ttl)
      entries[key] = value ~= nil and { value = value, expires = expiry(ttl) } or nil
      return true
    end

    function store.delete(_, key) entries[key] = nil end

    function store.add(this, key, value, ttl)
      if live(key) then return false, "exists" end
      return this:set(key, value, ttl)
    end

    function store.incr(_, key, by, init, ttl)
      local entry = live(key)
      if not entry then
        if not init then return nil, "not found" end
        entry = { value = init, expires = expiry(ttl) }
        entries[key] = entry
      end
      entry.value = entry.value + by
      return entry.value
    end

    return store
  end

  return self
end

return world
