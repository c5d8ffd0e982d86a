--- The faults of files: what has become of those that the library reads and writes.

local OK = require("spec.matrix.stage").OK

--- What may stand in place of a file, and the command that puts it there.
local stand_ins = {
  { "missing", 'rm -f "$F"' },
  { "empty", ': >"$F"' },
  { "cut short", 'head -c 150 "$F" >"$F.cut"; mv "$F.cut" "$F"' },
  { "another program's JSON", [[printf '{"format":"other","workflows":[{"id":1}]}' >"$F"]] },
  { "binary", [[head -c 3000 /dev/zero | tr '\0' '\377' >"$F"]] },
  { "a folder", 'rm -f "$F"; mkdir "$F"' },
  { "a pipe", 'rm -f "$F"; mkfifo "$F"' },
  { "a loop of links", 'rm -f "$F"; ln -s "$F" "$F"' },
  { "unreadable", 'ln -sf /proc/self/mem "$F"' },
}

local faults = {
  { name = "window", steps = { "pause", "resume" } },
  { name = "window: no such folder", steps = { "pause" }, file = "none/journal" },
  { name = "window: the folder is a file", steps = { "pause" }, file = "plain/journal", before = ': >"$AT/plain"' },
  { name = "window: its name is too long", steps = { "pause" }, file = ("x"):rep(252) },
  { name = "window: twice onto one file", steps = { "pause", "close", "pause", "resume file" } },
  { name = "window: a second process owns the lock", before = 'flock "$AT/journal.lock" sleep 9 >/dev/null 2>&1 &',
    steps = { "pause" } },
  { name = "window: a second process owns it meanwhile", steps = { "pause file",
    'run flock "$AT/journal.lock" sleep 9 >/dev/null 2>&1 </dev/null & sleep 0.2', "resume", "resume force" } },
  { name = "window: FILE.lock is a folder", steps = { "pause" }, before = 'mkdir "$AT/journal.lock"' },
  { name = "window: FILE.lock is a pipe", steps = { "pause" }, before = 'mkfifo "$AT/journal.lock"' },
  { name = "window: FILE.lock is a link", steps = { "pause" }, before = 'ln -s said "$AT/journal.lock"' },
  { name = "window: FILE.lock becomes a folder", steps = { "pause file",
    'run rm "$AT/journal.lock"; mkdir "$AT/journal.lock"', "resume" } },
  { name = "window: FILE.new is a folder", steps = { "pause" }, before = 'mkdir "$AT/journal.new"' },
  { name = "window: FILE.new is a pipe", steps = { "pause", "resume" }, before = 'mkfifo "$AT/journal.new"' },
  { name = "window: FILE.new is a link", steps = { "pause", "resume" }, before = 'ln -s said "$AT/journal.new"' },
}

local function add(fault) faults[#faults + 1] = fault end

-- A file system of 16 KiB, for the window's files.
local DISK = 'mkdir "$AT/disk" && mount -t tmpfs -o size=16k%s tmpfs "$AT/disk"\n'
local FILL = 'cat /dev/zero >"$AT/disk/zeros" 2>/dev/null'
local READ_ONLY = 'mount -o remount,ro "$AT/disk"'

for _, row in ipairs {
  { "a full disk", FILL, { "pause" } },
  { "the disk gets full", "", { "pause", "run " .. FILL, "resume", 'run rm "$AT/disk/zeros"', "resume file" } },
  { "a disk without room for names", "", { "pause" }, ",nr_inodes=1" },
  { "a read-only disk", READ_ONLY, { "pause" } },
  -- Linux refuses that while the owner's lock is open.
  { "the disk becomes read-only", "", { "pause file", "run " .. READ_ONLY, "resume" } },
} do
  add { name = "window: " .. row[1], needs = "mounts", file = "disk/journal",
    before = DISK:format(row[4] or "") .. row[2], steps = row[3] }
end
add { name = "window: the disk gets full in mid-pause", needs = "mounts", file = "disk/journal",
  before = DISK:format "", steps = { "pause", 'run rm "$AT/disk/zeros"', "resume" },
  during = { pause = "run " .. FILL } }

for _, stand_in in ipairs(stand_ins) do
  local name, command = stand_in[1], stand_in[2]
  add { name = "window: its file is " .. name .. " when it is resumed",
    steps = { "pause", 'run F="$AT/journal"\n' .. command, "resume file", "resume" } }
  if name ~= "missing" and name ~= "cut short" then
    add { name = "window: its file is " .. name .. " when it begins", before = 'F="$AT/journal"\n' .. command,
      steps = { "pause" } }
  end
end

local essential = { stand_ins[1], stand_ins[2], stand_ins[6], stand_ins[7], stand_ins[9] }

--- What a file is, and what then becomes of it: the steps end with a call.
local function add_file(what, right, row, list)
  local function one(name, command, steps)
    local copy = { name = ("%s: %s"):format(what, name), before = ('F="$AT/file"\n%s\n%s'):format(right, command),
      steps = steps or { "call" } }
    for key, value in pairs(row) do copy[key] = value end
    add(copy)
  end
  one("as it should be", "")
  for _, stand_in in ipairs(list) do one(stand_in[1], stand_in[2]) end
  if list == essential then return end
  for _, stand_in in ipairs { stand_ins[1], stand_ins[3] } do
    one(stand_in[1] .. ", after a call", "", { "call", 'run F="$AT/file"\n' .. stand_in[2], "call", "close", "call" })
  end
end

add_file("profile", [[printf '[basic]\n# %0128d\nak = A\nsk = S\n' 0 >"$F"]],
  { options = { ak = false, sk = false }, env = { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "$AT/file" } },
  stand_ins)

local USER = { ak = false, sk = false, iam_endpoint = "$SIMULATOR", idp_id = "idp-1", id_token_file = "$AT/file" }
add_file("identity token", [[printf 'id-token%0200d' 0 >"$F"]], { options = USER,
  simulated = { id_tokens = { ["id-token" .. ("0"):rep(200)] = { idp = "idp-1" } } } }, essential)

local ABROAD = { endpoint = false, region = "cn-nowhere-1", outage_timeout = 0 }
add_file("regions file", [[printf '# nothing\n' >"$F"]], { options = ABROAD,
  env = { HUAWEICLOUD_SDK_REGIONS_FILE = "$AT/file" } }, essential)

--- Files of TLS, which are made from the authority's.
local function add_tls(what, right, options, list)
  local differs = { ["nginx-resty"] = ("over lua-resty-http nginx's own directives say what `%s` says"):format(
    what:gsub(" ", "_")) }
  add_file(what, right, { tls = true, replies = { OK }, options = options, differs = differs }, list)
end
add_tls("ca file", 'cp "$CERT" "$F"', { ca_file = "$AT/file" }, stand_ins)
add_tls("client cert", 'cat "$CERT" "$KEY" >"$F"', { client_cert = "$AT/file" }, essential)
add_tls("client key", 'cp "$KEY" "$F"', { client_cert = "$CERT", client_key = "$AT/file" }, essential)
add { name = "client key: another certificate's", tls = true, replies = { OK }, steps = { "call" },
  before = 'openssl ecparam -name prime256v1 -genkey -noout -out "$AT/file" 2>/dev/null',
  options = { client_cert = "$CERT", client_key = "$AT/file" },
  differs = { ["nginx-resty"] = "over lua-resty-http nginx's own directives say what `client_key` says" } }

return faults
