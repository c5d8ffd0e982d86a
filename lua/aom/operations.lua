--- The operations of the service, one row each. Everything that is particular to
--- an operation stands here; the rest of the library reads rows.
---
--- A row's fields:
---   official    name in the provider's API reference
---   method      HTTP method
---   path        literal texts and parameter names in turn, after /v1/{project_id};
---               at most two names
---   query       parameters of the query, in order
---   parameters  every parameter: what a value must be
---   arguments   the parameters in the order in which a caller gives them
---   idempotent  whether sending it twice does what sending it once does
---   result      what a good answer's body is, see aom.response

---@class aom.Parameter
---@field kind "id"|"choice"
---@field choices? string[]

---@class aom.Operation
---@field name string
---@field official string
---@field method string
---@field path string[]
---@field query string[]
---@field parameters table<string, aom.Parameter>
---@field arguments string[]
---@field idempotent boolean
---@field result string

---@type table<string, aom.Operation>
local operations = {
  trigger = {
    official = "UpdateWorkflowTriggerStatus",
    method = "PUT",
    path = { "/cms/workflow/", "workflow_id", "/trigger/action" },
    query = { "action" },
    parameters = {
      workflow_id = { kind = "id" },
      action = { kind = "choice", choices = { "enable", "disable" } },
    },
    arguments = { "workflow_id", "action" },
    idempotent = true,
    result = "acknowledgement",
  },
}

for name, row in pairs(operations) do row.name = name end

return operations
