---@meta
--- `aom.safe`, whose functions return nil and an error instead of raising it. Its clients
--- have the methods of `aom.Client`, which do the same; a few of them are declared here.

---@class aom.Safe: aom
---@field trigger fun(id: string, action: "enable"|"disable"): aom.TriggerResult|nil, aom.Error|nil
---@field enable fun(id: string): aom.TriggerResult|nil, aom.Error|nil
---@field disable fun(id: string): aom.TriggerResult|nil, aom.Error|nil
---@field request fun(fields: aom.AnyRequest): aom.Response|nil, aom.Error|nil
---@field client fun(options?: aom.ClientOptions): aom.SafeClient|nil, aom.Error|nil
---@field doctor fun(options?: aom.ClientOptions): aom.Check[]|nil, aom.Error|nil
---@field sign fun(request: aom.SignRequest, credentials: aom.SignKey): aom.Signed|nil, aom.Error|nil

---@class aom.SafeClient: aom.Client
---@field trigger fun(self: table, id: string, action: "enable"|"disable"): aom.TriggerResult|nil, aom.Error|nil
---@field enable fun(self: table, id: string): aom.TriggerResult|nil, aom.Error|nil
---@field disable fun(self: table, id: string): aom.TriggerResult|nil, aom.Error|nil
---@field request fun(self: table, fields: aom.AnyRequest): aom.Response|nil, aom.Error|nil
---@field with fun(self: table, options: aom.OwnOptions): aom.SafeClient|nil, aom.Error|nil
