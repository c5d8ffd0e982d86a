--- The regions file: endpoints of services by region, in YAML, by default
--- ~/.huaweicloud/regions.yaml.
---
---     AOM:
---       - id: cn-north-4
---         endpoint: https://aom.example.com
---       - id: private-1
---         endpoints: [ https://a.example.com, https://b.example.com ]
---
--- Any of several YAML libraries reads it; without a file none is needed.

local each = require "aom.util.each"
local errors = require "aom.util.errors"
local lower = require "aom.util.text".lower
local paste = require "aom.config.paste"

local regions_file = {}

-- The modules that can read YAML, and their names for doing so.
local readers = { { "lyaml", "load" }, { "yaml", "load", "eval" }, { "tinyyaml", "parse" } }

---@param system aom.System
---@return string|nil path
---@return boolean|nil explicit  a variable names it
function regions_file.path(system)
  local explicit = paste.from_variable("path", system.getenv "HUAWEICLOUD_SDK_REGIONS_FILE" or "")
  if explicit then return explicit, true end
  local home = system.getenv "HOME" or system.getenv "USERPROFILE"
  if home then return home .. "/.huaweicloud/regions.yaml", false end
end

local function find_reader()
  for _, reader in ipairs(readers) do
    local found, module = errors.caught(require, reader[1])
    if found and type(module) == "table" then
      for i = 2, #reader do
        if type(module[reader[i]]) == "function" then return module[reader[i]] end
      end
    end
  end
end

local function parse(text, path)
  local read = find_reader()
  if not read then
    return nil, errors.config(("the regions file %s cannot be read without a YAML library"):format(path),
      "install one (apt-get install lua-yaml, or luarocks install lyaml), or set an endpoint instead of the file")
  end
  local ok, document = errors.caught(read, text)
  if not ok then
    local why = tostring(document):gsub("^[^:]*:%d+: ", "")
    return nil, errors.config(("the regions file %s is not valid YAML: %s"):format(path, why))
  end
  if document == nil then return {} end
  if type(document) ~= "table" then
    return nil, errors.config(("the regions file %s contains no services"):format(path))
  end
  return document
end

local function add_urls(list, value)
  for _, url in ipairs(type(value) == "table" and value or { value }) do
    if type(url) == "string" and url ~= "" then list[#list + 1] = url end
  end
end

--- Entries that lack an id or an endpoint are skipped, as the official SDKs do.
local function collect(document, service, region)
  local urls = {}
  for name, entries in each.pair(document) do
    if type(name) == "string" and lower(name) == service and type(entries) == "table" then
      for _, entry in ipairs(entries) do
        if type(entry) == "table" and entry.id == region then
          add_urls(urls, entry.endpoint)
          add_urls(urls, entry.endpoints)
        end
      end
    end
  end
  return urls[1] and urls
end

--- The file's URLs for a region, or nil when it has none.
---@param system aom.System
---@param service string  in lower case
---@param region string
---@return string[]|nil urls
---@return aom.Error|nil err
function regions_file.endpoints(system, service, region)
  local path, explicit = regions_file.path(system)
  if not path then return nil end
  local text, why = system.read_file(path)
  if not text then
    if not explicit then return nil end
    return nil, errors.config("environment variable HUAWEICLOUD_SDK_REGIONS_FILE cannot be read: " .. (why or path))
  end
  local document, err = parse(text, path)
  if not document then return nil, err end
  return collect(document, service, region)
end

return regions_file
