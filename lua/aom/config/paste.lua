--- What people paste into variables and files: outer blanks, line ends, quotes and comments.
--- It is understood or refused, before anything is sent. A secret that legitimately holds a
--- mark is never cut, and a value is never shown.

local paste = {}

-- What a value may consist of, by the name of its setting. All others are keys.
local shapes = {
  -- Anything may stand in them, so nothing of them is decoration.
  username = "text", password = "text", domain_name = "text", pod_token = "text",
  id_token_file = "path", path = "path",
  endpoint = "url", iam_endpoint = "url", metadata_endpoint = "url",
}

-- Characters that are no part of a value, by its shape. Classes such as %w follow the locale.
local strange = {
  key = "[^A-Za-z0-9+/=_.-]", url = "[^A-Za-z0-9+/=_.,:%%@~!$&*()?%[%]{}-]", text = "[%z\1-\31\127]",
}

-- Blanks of Unicode that copying brings along: no-break and ideographic space, zero width, byte order mark.
local wide_blanks = { "\194\160", "\227\128\128", "\226\128\139", "\239\187\191" }

local pairs_of_quotes = { { '"', '"' }, { "'", "'" }, { "`", "`" }, { "“", "”" }, { "‘", "’" } }

--- Takes blanks and line ends off both ends.
---@param value string
---@return string
local function trim(value)
  local before
  repeat
    before = value
    value = value:gsub("^[%s]+", "")
    value = value:match ".*%S" or ""
    for _, blank in ipairs(wide_blanks) do
      if value:sub(1, #blank) == blank then value = value:sub(#blank + 1) end
      if value:sub(-#blank) == blank then value = value:sub(1, -#blank - 1) end
    end
  until value == before
  return value
end

--- Without one pair of quotes around it.
local function unquote(value)
  for _, quotes in ipairs(pairs_of_quotes) do
    local first, last = quotes[1], quotes[2]
    if #value >= #first + #last and value:sub(1, #first) == first and value:sub(-#last) == last then
      return trim(value:sub(#first + 1, -#last - 1))
    end
  end
  return value
end

local function uncomment(value) return trim((value:gsub("%s[#;].*$", "", 1))) end

-- What is said of a character that does not belong there: its kind, since it may be a secret's.
local names = {
  { "^%s", "a space, a tab or a line end" }, { "^%c", "a control character" }, { "^%z", "a control character" },
  { "^[\"'`]", "a quote" }, { "^[#;]", "a # or ;" }, { "^[\128-\255]", "a character that is not ASCII" },
}

local function describe(value, set)
  local rest = value:sub((value:find(set)))
  for _, name in ipairs(names) do
    if rest:find(name[1]) then return name[2] end
  end
  return "a character that does not belong there"
end

--- What is wrong with a value, or nil.
local function problem_of(value, shape)
  local set = strange[shape]
  -- A list of URLs may have blanks behind its commas.
  if shape == "url" then value = value:gsub(",%s+", ",") end
  return set and value:find(set) and "contains " .. describe(value, set) or nil
end

--- A value of the environment, where no comment is ever a comment.
---@param name string   of the setting
---@param value string
---@return string|nil   nil without a problem: it is blank
---@return string|nil problem
function paste.from_variable(name, value)
  local shape = shapes[name] or "key"
  value = shape == "text" and value:gsub("[\r\n]+$", "") or shape ~= "text" and trim(value) or ""
  local problem = problem_of(value, shape)
  return value ~= "" and not problem and value or nil, problem
end

--- A value of a file, where a comment may follow it and quotes may surround it.
---@param name string   of the setting
---@param value string
---@return string|nil   nil without a problem: it is blank
---@return string|nil problem
function paste.from_file(name, value)
  local shape = shapes[name] or "key"
  if shape ~= "text" then value = trim(value) end
  if shape == "path" then value = unquote(value) end
  if problem_of(value, shape) and shape ~= "text" then value = uncomment(value) end
  if problem_of(value, shape) and shape ~= "text" then value = unquote(value) end
  local problem = problem_of(value, shape)
  return value ~= "" and not problem and value or nil, problem
end

return paste
