-- Arguments: a picture's file, the path to post it to, and a number. Each request posts the
-- picture with the next number behind its end, which makes it another file.
local body, path, at = "", "", 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  body, path, at = file:read("*a"), args[2], tonumber(args[3])
  file:close()
end

function request()
  at = at + 1
  return wrk.format("POST", path, {["Content-Type"] = "image/jpeg"}, body .. string.format("%.0f", at))
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"duration_us":%d,"refused":%d,"broken":%d,"p50_us":%d,"p95_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
