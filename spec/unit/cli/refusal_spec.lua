--- Proves that what the command line refuses names the word that is wrong, and says how it is
--- written.

local cli = require "aom.cli"

--- Runs the command in this process; words that argparse refuses reach nothing else.
local function refused(words)
  local written, stderr = {}, io.stderr
  io.stderr = { write = function(_, ...) written[#written + 1] = table.concat { ... } end } -- luacheck: ignore 122
  local ok, code = pcall(cli.main, words)
  io.stderr = stderr -- luacheck: ignore 122
  assert(ok, code)
  return code, table.concat(written)
end

local function split(line)
  local words = {}
  for word in line:gmatch "%S+" do words[#words + 1] = word == "''" and "" or word end
  return words
end

local NAMED = "; a name is given with --name, a pattern with --match"
local RATE = "--rate: expected a number above 0 (as in --rate=10)"
local COUNT = "--concurrency: expected a whole number above 0 (as in --concurrency=10)"
local TIMEOUT = "--timeout: expected a number above 0 (as in --timeout=10)"
local TYPES = "argument for option '--type' must be one of 'cron', 'manual', 'event'"

local function dashed(option, value)
  return ('option \'%s\' requires an argument; one that begins with "-" is written %s=%s'):format(option, option, value)
end

describe("what the command line refuses", function()
  for _, row in ipairs {
    -- Words too many.
    { "list foo", 'unexpected argument "foo"' .. NAMED },
    { "pause foo --dry-run", 'unexpected argument "foo"' .. NAMED },
    { "run a b", 'unexpected argument "b"' },
    { "run --wait a --name x b --verbose", 'unexpected argument "b"' },
    { "list -- --x", 'unexpected argument "--x"' .. NAMED },
    { "list ''", 'unexpected argument ""' .. NAMED }, { "completion bash zsh", 'unexpected argument "zsh"' },
    { "sign GET /x y z", 'unexpected argument "y"' }, { "doctor list", 'unexpected argument "list"' },
    { "request GET / --data a b", 'unexpected argument "b"' },
    -- Numbers.
    { "enable x --rate -1", RATE .. ', got "-1"' }, { "enable --rate -1 x", RATE .. ', got "-1"' },
    { "enable x --rate=-1", RATE .. ', got "-1"' }, { "enable x --rate 0", RATE .. ', got "0"' },
    { "enable x --rate -1e3", RATE .. ', got "-1e3"' }, { "enable x --rate -.5", RATE .. ', got "-.5"' },
    { "enable x --rate fast", RATE .. ', got "fast"' }, { "enable x --rate -fast", RATE .. ', got "-fast"' },
    { "enable x --rate=", RATE .. ', got ""' }, { "enable x --rate --", RATE }, { "enable x --rate", RATE },
    { "enable x --rate --verbose", RATE }, { "enable x --rate -h", RATE },
    { "enable x --rate --jsn", RATE .. ', got "--jsn"' },
    { "list --timeout -5", TIMEOUT .. ', got "-5"' }, { "list --timeout", TIMEOUT },
    { "pause --match a --concurrency -2",
      '--concurrency: expected a whole number above 0 (as in --concurrency=10), got "-2"' },
    { "enable x --concurrency abc", COUNT .. ', got "abc"' }, { "enable x --concurrency 1.5", COUNT .. ', got "1.5"' },
    { "resume f --concurrency 0", COUNT .. ', got "0"' }, { "disable x --concurrency nan", COUNT .. ', got "nan"' },
    { "run x --wait --limit -1", '--limit: expected a number above 0 (as in --limit=10), got "-1"' },
    -- Other values.
    { "enable --name -foo", dashed("--name", "-foo") }, { "list --match -db", dashed("--match", "-db") },
    { "enable --name a --name -1", dashed("--name", "-1") }, { "request GET / --data -x", dashed("--data", "-x") },
    { "request GET / --query -x=1 --verbose", dashed("--query", "-x=1") },
    { "pause --match a --on x --off -y", dashed("--off", "-y") },
    { "list --name --foo", dashed("--name", "--foo") },
    { "list --type -x", TYPES }, { "list --type", TYPES }, { "list --type cro", TYPES },
    { "pause --file", "option '--file' requires an argument" },
    { "pause --file --verbose", "option '--file' requires an argument" },
    { "pause --on x --on", "option '--on' requires an argument" },
    { "enable --name -h", "option '--name' requires an argument" },
    { "list --json=1", "option '--json' does not take arguments" },
    -- Names that nobody knows.
    { "list --nam x", "unknown option '--nam'; did you mean '--name'?" },
    { "list -nam x", "unknown option '-nam'; did you mean '--name'?" },
    { "list -name x", "unknown option '-name'; did you mean '--name'?" },
    { "enable x -rate=5", "unknown option '-rate'; did you mean '--rate'?" },
    { "pause --dryrun", "unknown option '--dryrun'; did you mean '--dry-run'?" },
    { "list --regoin=x", "unknown option '--regoin'; did you mean '--region'?" },
    { "list --rate 5", "unknown option '--rate'" }, { "list -rate 5", "unknown option '-rate'" },
    { "list -v", "unknown option '-v'" }, { "list -1", "unknown option '-1'" }, { "enable -5", "unknown option '-5'" },
    { "list --x", "unknown option '--x'" }, { "list --wait", "unknown option '--wait'" },
    { "--verbose list", "unknown option '--verbose'; options follow the name of a command" },
    { "-x", "unknown option '-x'; options follow the name of a command" },
    { "--verson", "unknown option '--verson'; did you mean '--version'?" },
    { "-version", "unknown option '-version'; did you mean '--version'?" },
    { "lst --verbose", "unknown command 'lst'; did you mean 'list'?" },
    { "enabl x", "unknown command 'enabl'; did you mean 'enable'?" },
    { "version", "unknown command 'version'; did you mean '--version'?" },
    { "help", "unknown command 'help'; did you mean '--help'?" },
    { "stop x", "unknown command 'stop'" }, { "rm x", "unknown command 'rm'" }, { "-- -1", "unknown command '-1'" },
    { "completion powershell", 'expected one of bash, zsh or fish, got "powershell"' },
    { "completion bas", 'expected one of bash, zsh or fish, got "bas"' },
    -- Words that are missing.
    { "", "a command is required" }, { "resume", "missing argument 'FILE'" }, { "sign GET", "missing argument 'PATH'" },
  } do
    it(row[1] .. ": " .. row[2], function()
      local code, said = refused(split(row[1]))
      assert.are.equal(2, code)
      assert.are.equal("aom: " .. row[2], said:match "^[^\n]*")
    end)
  end

  it("is found among thousands of words", function()
    local words = { "enable" }
    for i = 1, 9000 do words[i + 1] = "id-" .. i end
    words[8000] = "--nmae"
    local _, said = refused(words)
    assert.matches("^aom: unknown option '%-%-nmae'\n", said)
  end)
end)
