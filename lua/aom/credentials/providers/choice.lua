--- What the named values of one source amount to. The first group that any value belongs
--- to is the one meant, and it must be whole: nothing is joined from two groups.

local choice = {}

local groups = {
  { kind = "federation", "idp_id", "id_token_file" },
  { kind = "keys", "ak", "sk" },
  { kind = "token", "token" },
  { kind = "password", "username", "password", "domain_name" },
}

---@param values table<string, string>
---@return "federation"|"keys"|"token"|"password"|nil kind  nil without more: there is nothing
---@return string|nil has    a value that is there, where the group is not whole
---@return string|nil lacks  and the first that is not
function choice.of(values)
  for _, group in ipairs(groups) do
    local has, lacks
    for _, name in ipairs(group) do
      if values[name] then has = has or name else lacks = lacks or name end
    end
    if has and lacks then return nil, has, lacks end
    if has then return group.kind end
  end
end

return choice
