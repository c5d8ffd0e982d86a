--- The credentials profile: an INI file, by default ~/.huaweicloud/credentials,
--- whose section [basic] holds the keys of one account.
---
---     [basic]
---     ak = …
---     sk = …
---     project_id = …

local credential_kinds = require "aom.config.credential_kinds"
local each = require "aom.util.each"
local errors = require "aom.util.errors"
local other_names = require "aom.config.other_names"
local options = require "aom.config.options".client
local paste = require "aom.config.paste"
local similar = require "aom.util.similar"
local text_lower = require "aom.util.text".lower
local trim = require "aom.util.text".trim

local profile = {}

--- The keys that are not credentials. All have the names of client options.
local keys = {
  project_id = true, region = true, endpoint = true, iam_endpoint = true, metadata = true, metadata_endpoint = true,
}
for name in each.pair(credential_kinds.variables) do keys[name] = true end

-- A key of the provider's SDKs that means nothing here, and is near to others.
local foreign = { domain_id = true }

local VARIABLE, SECTION = "HUAWEICLOUD_SDK_CREDENTIALS_FILE", "basic"

---@param system aom.System
---@return string|nil path
---@return boolean|nil explicit  a variable names it
function profile.path(system)
  local explicit = paste.from_variable("path", system.getenv(VARIABLE) or "")
  if explicit then return explicit, true end
  local home = system.getenv "HOME" or system.getenv "USERPROFILE"
  if home then return home .. "/.huaweicloud/credentials", false end
end

local OTHERS = 63 -- the permission bits of group and others, 077

--- The permission bits of a file that others than its owner may use; nil when no other may,
--- or when that is not known here.
---@param system aom.System
---@param path string
---@return integer|nil
function profile.open_mode(system, path)
  local mode = system.file_mode(path)
  if mode and mode % (OTHERS + 1) ~= 0 then return mode end
end

local function fault(path, number, message, meant)
  -- The line itself stays out of the message: it may hold a secret.
  return errors.config(("profile %s, line %d: %s"):format(path, number, message),
    meant and ("did you mean %s?"):format(meant))
end

--- What keeps a text from being read at all, or nil.
local function check_encoding(text, path)
  -- With its mark, or without: then half of the first character is zero.
  local is_wide = text:find "^\255\254" or text:find "^\254\255" or text:find "^.?%z"
  if is_wide then return errors.config(("profile %s is encoded in UTF-16"):format(path), "save it as UTF-8") end
end

--- Reads the text of a profile. The names of sections and keys are in lower case, with `_`
--- for `-`; the values are as they stand.
---@param text string
---@param path string  for messages
---@return table<string, table<string, string>>|nil sections
---@return aom.Error|nil err
---@return table<string, table<string, integer>>|nil lines  of the keys; a section's own under ""
function profile.parse(text, path)
  local err = check_encoding(text, path)
  if err then return nil, err end
  local sections, lines, name = {}, {}, nil
  local number = 0
  for raw in (text:gsub("^\239\187\191", ""):gsub("\r\n?", "\n") .. "\n"):gmatch("(.-)\n") do
    number = number + 1
    local line = trim(raw)
    local header = line:match "^%[([^%]]*)%]%s*$" or line:match "^%[([^%]]*)%]%s+[#;]"
    if header then
      name = text_lower(trim(header))
      if name == "" then return nil, fault(path, number, "the section has no name") end
      sections[name], lines[name] = sections[name] or {}, lines[name] or { [""] = number }
    elseif line ~= "" and not line:find("^[#;]") then
      local key, value = line:match("^([%w_%-%.]+)%s*[=:]%s*(.*)$")
      if not key then return nil, fault(path, number, "expected [section] or key = value") end
      if not name then return nil, fault(path, number, "key before the first [section]") end
      key = text_lower(key):gsub("-", "_")
      if sections[name][key] then return nil, fault(path, number, ("duplicate key %s"):format(key)) end
      sections[name][key], lines[name][key] = value, number
    end
  end
  return sections, nil, lines
end

--- A name of which a known one is a misspelling of one or two letters. Short names are near to
--- too many others.
local function meant_by(name, known)
  if #name < 4 or foreign[name] then return nil end
  return similar.nearest(name, known, #name < 5 and 1 or 2)
end

--- What can be shown: a pasted secret that ends in `=` looks like a key, too.
local function is_name(key) return #key <= 24 and key:find "^[%a_]+$" ~= nil end

local function in_order(section, lines)
  local order = {}
  for key in each.pair(section) do order[#order + 1] = key end
  table.sort(order, function(a, b) return lines[a] < lines[b] end)
  return order
end

--- The known key that an unknown one is meant for. Where that one is there, too, another name of it
--- may be some other tool's.
local function meant_for(key, section)
  local other = other_names.of(key, keys)
  if other then return section[other] == nil and other or nil end
  return meant_by(key, keys)
end

--- How a key without a meaning is told of.
local function describe_stray(key, line)
  if not is_name(key) and not options[key] then return ("a key in line %d"):format(line) end
  return ("%s in line %d%s"):format(key, line, options[key] and " (cannot be set in a profile)" or "")
end

--- The values of the known keys, as they are meant, what there is if none is a credential, and the
--- keys that mean nothing.
local function usable(section, lines, path)
  local found, others, strays = {}, {}, {}
  for _, key in ipairs(in_order(section, lines)) do
    local value, problem
    if keys[key] then
      value, problem = paste.from_file(key, section[key])
    elseif not foreign[key] then
      local meant = meant_for(key, section)
      if meant then return nil, fault(path, lines[key], "unknown key " .. key, meant) end
      if is_name(key) then others[#others + 1] = key end
      strays[#strays + 1] = describe_stray(key, lines[key])
    end
    if problem then return nil, fault(path, lines[key], ("%s %s"):format(key, problem)) end
    found[key] = value
  end
  table.sort(others)
  return found, nil, others[1] and "none is there, but " .. table.concat(others, ", "), strays
end

--- What stands in place of the section that counts.
local function describe_others(sections, lines, path)
  local others = {}
  for name in each.pair(sections) do
    if meant_by(name, { [SECTION] = true }) then
      return nil, fault(path, lines[name][""], ("unknown section [%s]"):format(name), "[" .. SECTION .. "]")
    end
    others[#others + 1] = "[" .. name .. "]"
  end
  table.sort(others)
  return others[1] and ("it has no section [%s], but %s"):format(SECTION, table.concat(others, ", "))
    or ("it has no section [%s]"):format(SECTION)
end

--- What a profile holds beside its values, for people.
---@class aom.ProfileNotes
---@field lack? string        why it gives no credentials
---@field unreadable? string  why a file that is there cannot be read
---@field strays? string      the keys in it that mean nothing

--- The [basic] section of the profile file; an empty table when there is none.
---@param system aom.System
---@return table<string, string>|nil values
---@return aom.Error|nil err
---@return string|nil path
---@return aom.ProfileNotes notes
function profile.load(system)
  local notes = {}
  local path, explicit = profile.path(system)
  if not path then return {}, nil, nil, notes end
  local text, why, absent = system.read_file(path)
  if not text then
    if explicit then
      local err = errors.config(("environment variable %s cannot be read: %s"):format(VARIABLE, why or path))
      return nil, err, nil, notes
    end
    notes.lack = "there is no such file"
    if not absent then
      notes.unreadable = "the profile cannot be read: " .. why
      notes.lack = "it cannot be read: " .. (why:sub(1, #path) == path and why:sub(#path + 1):gsub("^: ", "") or why)
    end
    return {}, nil, path, notes
  end
  local sections, err, lines = profile.parse(text, path)
  if not sections then return nil, err, path, notes end
  local values, strays
  if not sections[SECTION] then
    notes.lack, err = describe_others(sections, lines, path)
    return not err and {} or nil, err, path, notes
  end
  values, err, notes.lack, strays = usable(sections[SECTION], lines[SECTION], path)
  if values and strays[1] then
    notes.strays = ("profile %s has keys that are not known, and ignored: %s"):format(path, table.concat(strays, ", "))
  end
  return values, err, path, notes
end

-- What has been told, by system.
local told = setmetatable({}, { __mode = "k" })

--- Warns of something about a profile, once.
---@param system aom.System
---@param message string
function profile.warn(system, message)
  local known = told[system] or {}
  told[system] = known
  if known[message] then return end
  known[message] = true
  system.warn(message)
end

return profile
