-- wrk: posts the lines of the file BODIES in turn; with APART set, each text is made its own.
local bodies, count = {}, 0
local apart = os.getenv("APART")
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local headers = { ["Content-Type"] = "application/json" }

request = function()
  count = count + 1
  local body = bodies[(count - 1) % #bodies + 1]
  if apart then body = body:gsub('"}$', string.format(" %s%d\"}", apart, count)) end
  return wrk.format("POST", wrk.path, headers, body)
end
