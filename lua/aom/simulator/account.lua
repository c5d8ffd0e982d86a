--- The account that a simulator shows unless it is told to show none. Its ids stay the same
-- from run to run, so that instructions can name them; its times count back from the start.

local account = {}

local MINUTE, HOUR, DAY = 60, 3600, 86400

-- Runs of a workflow, the last one first, as settings: the oldest one first. `every` and `took`
-- are seconds; the last run began `ago` seconds before the start.
local function runs(every, took, ago, statuses)
  local list = {}
  for i = #statuses, 1, -1 do
    list[#list + 1] = { status = statuses[i], ago = ago + (i - 1) * every, took = took }
  end
  return list
end

local nightly = runs(DAY, 7 * MINUTE, 6 * HOUR, { "success", "success", "fail", "success", "success" })
local failing = runs(DAY, 40 * MINUTE, 5 * HOUR, { "fail", "success", "success" })
local weekly = runs(7 * DAY, 90 * MINUTE, 3 * DAY, { "success", "success" })
local hourly = runs(HOUR, 2 * MINUTE, MINUTE, { "executing", "success", "success", "success", "success" })
local once = runs(DAY, 5 * MINUTE, 12 * DAY, { "success" })

local function now_in(status)
  return runs(DAY, 3 * MINUTE, MINUTE, { status, "success" })
end

local function ended_in(status)
  return runs(DAY, 3 * MINUTE, 20 * HOUR, { status, "success" })
end

local database = { team = "database", stage = "production" }
local web = { team = "web", stage = "production" }
local test = { team = "web", stage = "test" }
local operations = { team = "operations" }

-- id, name, type, trigger status (none without a schedule), tags, runs, description
local workflows = {
  { "00484902-6bb0-5d19-a26d-dc36a627c5a1", "nightly-backup", "cron", "enable", database, nightly,
    "Back up all databases" },
  { "5aba39cc-0f4b-50ed-b463-91e27a47816e", "night-shift", "cron", "enable", operations, nightly },
  { "56944896-2b15-5733-8773-af6eac29b2d7", "nightly-log-cleanup", "cron", "enable", operations, failing },
  { "894d30f0-d944-5efd-babd-aa9ca25bdac7", "nightly-report", "cron", "disable", operations, once },
  { "f80b6293-2d90-52d6-806b-5d18a88a3eba", "weekly-disk-cleanup", "cron", "enable", operations, weekly },
  { "cc3497bc-966e-59ec-ba02-491f77d8d8bf", "hourly-health-check", "cron", "enable", web, hourly },
  { "fb9e7b8e-383d-52b6-b490-8534a2803188", "stop-test-servers", "cron", "enable", test, now_in "waitExecute" },
  { "365dfa3b-b4d4-546e-93dc-6338044d38e2", "scale-out-morning", "cron", "disable", web, ended_in "cancel" },
  { "c9804ff1-f450-5a83-85f1-419797ee3a4d", "scale-in-evening", "cron", "disable", web, now_in "canceling" },
  { "e5befa02-dcad-5113-8b60-f1bf7483f987", "rotate-access-keys", "cron", "enable", { stage = "production" },
    now_in "waitApproval", "An administrator must approve each run" },
  { "682f5456-8883-5dcf-a16c-3fbe2d88a008", "每日清理磁盘", "cron", "enable", operations, nightly,
    "清理三十天前的日志" },
  { "c50c0853-7396-5ce4-8959-0c5bd1e40f11", "月度对账", "cron", "disable", { team = "财务" }, once },
  { "73da9a22-3560-5663-b02d-6b2344b1d442", "cleanup-temporary-files", "cron", "enable" },
  { "e4ad6908-8097-5a57-98c1-51779ec444a2", "db-maintenance", "cron", "enable", database, weekly },
  { "a99e7abf-d310-5d91-80ec-defefa157fde", "restart-web-tier", "manual", nil, web, once },
  { "d796c20b-e8ad-5734-af8f-6398d0ea9a0a", "deploy-release", "manual", nil, web, now_in "pausing",
    "Waits for a look at the first server" },
  { "cfb45f77-3beb-581a-912c-3ae6719056b7", "restore-snapshot", "manual", nil, database, ended_in "fail" },
  { "06eef036-2078-519a-83e5-97cc77b305ec", "drain-node", "manual", nil, operations, ended_in "approvalFailed" },
  { "1fa73dfe-5b1e-5d64-97e4-1bc60837b6e4", "on-disk-full", "event", "enable", operations, ended_in "success" },
  { "b90c2e3a-cf95-5898-b1b6-194e50709e0d", "on-alarm-restart", "event", "disable", web },
}

local SCRIPT_BACKUP, SCRIPT_CLEANUP = "03101d1e-6402-5fd0-9f83-e66882097de0", "5abeedfd-59ac-5c43-8e52-d798be364da0"
local JOB_PATCH, JOB_DEPLOY = "e5b00f86-b5f0-5d14-b612-c415b3333875", "bc43f0da-f076-55eb-a8bf-ec2839d6f172"

local library = {
  scripts = {
    [SCRIPT_BACKUP] = { name = "backup-databases", script_language = "SHELL", versions = 3 },
    [SCRIPT_CLEANUP] = { name = "cleanup-logs", script_language = "PYTHON", versions = 1 },
  },
  jobs = {
    [JOB_PATCH] = { name = "patch-servers", description = "Patch, restart and check servers" },
    [JOB_DEPLOY] = { name = "deploy-application" },
  },
  templates = {
    ["9d551fe2-badf-5253-bfc4-4eeea71846fc"] = { name = "patch-all", job_id = JOB_PATCH },
    ["80dc86b2-1459-5dbf-8f88-57f26394b55f"] = { name = "patch-one", job_id = JOB_PATCH },
    ["610d6070-43f0-549d-b156-38c4b7478d50"] = { name = "deploy-in-turn", job_id = JOB_DEPLOY },
  },
}

-- The oldest one is two hundred days old; each is five days younger than the one before it.
local function age_of(place)
  return (200 - 5 * place) * DAY
end

--- The account as settings of a simulator that starts at a time.
---@param now integer seconds since 1970
---@return table changes for `Simulator:set`
function account.settings(now)
  local by_id = {}
  for place, row in ipairs(workflows) do
    local time = (now - age_of(place)) * 1000
    by_id[row[1]] = {
      name = row[2], type = row[3], trigger_status = row[4], tags = row[5], runs = row[6], description = row[7],
      create_time = time, update_time = time, task_type = "script", template_name = "CMS::ECS::BulkyRunScript",
      input = { rate_control = { max = "0", timeDelay = "0" } },
    }
  end
  return { workflows = by_id, scripts = library.scripts, jobs = library.jobs, templates = library.templates }
end

return account
