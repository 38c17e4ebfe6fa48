-- Argument: a picture's file. Each request posts it with another number behind its end,
-- which makes it another file, and harms nobody.
local body, at = "", 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body = file:read("*a")
  file:close()
end

function request()
  at = at + 1
  return wrk.format("POST", "/images/", {["Content-Type"] = "image/jpeg"}, body .. at)
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"duration_us":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
