-- Arguments: a file with one path a line, the index to start at, "once" or "cycle", and
-- the mean pause of a connection before a request in ms (0: none).
-- "once" must not run out: a repeated path would find the caches warm.
local paths, at, once, pause = {}, 0, false, 0

function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  at, once, pause = tonumber(args[2]), args[3] == "once", tonumber(args[4])
  -- wrk asks for pauses only if this function exists.
  if pause > 0 then delay = function() return math.random(0, 2 * pause) end end
end

function request()
  if once and at >= #paths then
    io.stderr:write("ran out of paths never asked for before\n")
    os.exit(3)
  end
  local path = paths[at % #paths + 1]
  at = at + 1
  return wrk.format("GET", path)
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"duration_us":%d,"bytes":%d,"refused":%d,"broken":%d,' ..
    '"p50_us":%d,"p95_us":%d,"p99_us":%d,"max_us":%d}\n',
    summary.requests, summary.duration, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max))
end
