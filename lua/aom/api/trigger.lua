--- The row of the operation that switches a workflow, see aom.api.operations. It stands apart,
--- so that a script which does that and no more loads no other rows.

---@type aom.Operation
return {
  name = "trigger",
  official = "UpdateWorkflowTriggerStatus",
  official_name = "update_workflow_trigger_status",
  summary = "Switches the schedule of a workflow on or off.",
  permission = "cms:workflow:update",
  method = "PUT",
  path = { "/cms/workflow/", "workflow_id", "/trigger/action" },
  query = { "action" },
  parameters = {
    workflow_id = { kind = "id", min = 1, max = 64, meaning = "id of the workflow" },
    action = { kind = "choice", choices = { "enable", "disable" }, meaning = "switches the schedule on or off" },
  },
  arguments = { "workflow_id", "action" },
  idempotent = true,
  result = "acknowledgement",
}
