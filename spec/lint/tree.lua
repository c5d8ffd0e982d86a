-- What the checks of this folder share: the sources as a table of path to text,
-- the text of a Lua or C file without its comments, and the way a check runs.
local tree = {}

function tree.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  return text
end

-- Every file below the folders given whose name ends in one of the endings.
function tree.load(folders, endings)
  local files = {}
  local list = assert(io.popen("find " .. table.concat(folders, " ") .. " -type f 2>/dev/null"))
  for path in list:lines() do
    if endings[path:match("[^/.]+$")] then
      files[path] = tree.read(path)
    end
  end
  list:close()
  return files
end

function tree.sorted(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

-- The end of the string or comment that starts at `at`, and whether it is a
-- comment; nil when neither starts there.
local function lua_span(text, at)
  local level = text:match("^%-%-%[(=*)%[", at)
  if level then
    return select(2, text:find("]" .. level .. "]", at, true)) or #text, true
  elseif text:find("^%-%-", at) then
    return (text:find("\n", at, true) or #text + 1) - 1, true
  end
  level = text:match("^%[(=*)%[", at)
  if level then
    return select(2, text:find("]" .. level .. "]", at, true)) or #text, false
  end
  local quote = text:match("^[\"']", at)
  if quote then
    local stop = at + 1
    while stop < #text and text:sub(stop, stop) ~= quote do
      stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
    end
    return stop, false
  end
end

function tree.lua_code(text)
  local out, from = {}, 1
  while true do
    local at = text:find("[%-%[\"']", from)
    if not at then
      out[#out + 1] = text:sub(from)
      return table.concat(out)
    end
    local stop, is_comment = lua_span(text, at)
    stop = stop or at
    out[#out + 1] = text:sub(from, is_comment and at - 1 or stop)
    from = stop + 1
  end
end

function tree.c_code(text)
  return (text:gsub("/%*.-%*/", " "):gsub("//[^\n]*", ""))
end

-- A check is a function from files to a list of complaints. Its samples are small
-- trees that each must draw a complaint holding the words given, or none.
function tree.main(name, check, samples, load)
  if arg[1] == "--self-test" then
    for title, sample in pairs(samples) do
      local found = table.concat(check(sample.files), "\n")
      local right = sample.complaint and found:find(sample.complaint, 1, true)
        or not sample.complaint and found == ""
      if not right then
        io.stderr:write(("%s: the sample '%s' gave: %s\n"):format(name, title, found))
        os.exit(1)
      end
    end
    return
  end
  local complaints = check(load())
  for _, complaint in ipairs(complaints) do
    io.stderr:write(name, ": ", complaint, "\n")
  end
  os.exit(#complaints == 0)
end

return tree
