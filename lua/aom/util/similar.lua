--- Which of many names a misspelt one may have meant. Pure.

local each = require "aom.util.each"
local lower = require "aom.util.text".lower

local similar = {}

-- Shorter words are those of too many names.
local MIN_WORD = 4

--- How many single-byte edits lie between two words (Levenshtein). Where their lengths alone
--- make it more than `most`, it is not counted: a service's name may be of any length.
---@param a string
---@param b string
---@param most integer
---@return integer
local function distance(a, b, most)
  if math.abs(#a - #b) > most then return most + 1 end
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(above + 1, row[j - 1] + 1, corner + (same and 0 or 1))
      corner = above
    end
  end
  return row[#b]
end

--- The candidate nearest to a misspelt name, or nil when none is near.
---@param name string
---@param candidates table<string, any>
---@param most? integer  edits it may be away; default: a third of its letters, or 2, but not all of them
---@return string|nil
function similar.nearest(name, candidates, most)
  most = most or #name < 3 and 1 or math.max(2, math.floor(#name / 3))
  local best, best_distance
  for candidate in each.pair(candidates) do
    local d = distance(name, candidate, most)
    if d <= most and (not best or d < best_distance or (d == best_distance and candidate < best)) then
      best, best_distance = candidate, d
    end
  end
  return best
end

local function last_word(name) return name:match "[^_]*$" end

--- The candidate that is the last word of a name, as "size" is of "page_size"; or the only one
--- whose last word the name is.
---@param name string
---@param candidates table<string, any>
---@return string|nil
function similar.of_last_word(name, candidates)
  if candidates[last_word(name)] then return last_word(name) end
  local found
  for candidate in each.pair(candidates) do
    if #name >= MIN_WORD and last_word(candidate) == name then
      if found then return nil end
      found = candidate
    end
  end
  return found
end

-- A list may be long, and a comparison takes its time.
local MAX_COMPARED = 500
local MIN_PART = 3

--- How many edits a text of so many bytes may be away.
local function tolerance(length) return math.max(1, math.floor(length / 3)) end

--- How far a name is from a word; nil: too far. A name that holds the word, or is held by
--- it, is nearer than one of other letters.
local function rank(word, name)
  if name == word then return 0 end
  if #word >= MIN_PART and name:find(word, 1, true) then return 1 end
  if #name >= MIN_PART and word:find(name, 1, true) then return 1 end
  local most = tolerance(#word)
  local edits = distance(word, name, most)
  if edits <= most then return 1 + edits end
  -- The word may be the beginning of what was meant.
  edits = #word >= MIN_PART and distance(word, name:sub(1, #word), most) or most + 1
  return edits <= most and 2 + edits or nil
end

--- The workflows whose names are near to a word, the nearest first.
---@param word string
---@param workflows table[]
---@param limit integer
---@return table[]
function similar.workflows(word, workflows, limit)
  local found, ranks = {}, {}
  if word == "" then return found end
  for i = 1, math.min(#workflows, MAX_COMPARED) do
    local workflow = workflows[i]
    local near = type(workflow.name) == "string" and rank(lower(word), lower(workflow.name))
    if near then
      found[#found + 1] = workflow
      ranks[workflow] = near
    end
  end
  table.sort(found, function(a, b)
    if ranks[a] ~= ranks[b] then return ranks[a] < ranks[b] end
    if a.name ~= b.name then return a.name < b.name end
    return tostring(a.id) < tostring(b.id)
  end)
  for i = #found, limit + 1, -1 do found[i] = nil end
  return found
end

return similar
