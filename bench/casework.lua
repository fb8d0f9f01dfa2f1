-- Posts an application of the next person of a file, or the same body to an endpoint that only
-- inserts it. Lines of the file: a bearer token. BODY: what is posted. FIRST: where to begin.
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end
local body = io.open(os.getenv("BODY")):read("*a")
local place = tonumber(os.getenv("FIRST"))

function request()
  place = place + 1
  local token = tokens[(place - 1) % #tokens + 1]
  return wrk.format("POST", nil, {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. token,
    ["Idempotency-Key"] = string.format("bench-%08d", place),
  }, body)
end
