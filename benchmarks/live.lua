-- wrk's part of benchmarks/live.py: batches of calls as a shop's pages send them, each with a key of its own.
-- Arguments behind "--": write key, calls per batch, customers, run, batches per second of one connection (0 = no limit).

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  key, size, people, run, pace = args[1], tonumber(args[2]), tonumber(args[3]), args[4], tonumber(args[5])
  sent = 0
  math.randomseed(4711 + number)
  wrk.method = "POST"
  wrk.path = "/v1/batch"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. key
end

local CONTEXT = '"context":{"page":{"url":"https://shop.example.com/p/1","path":"/p/1","title":"Washing machines"},'
  .. '"userAgent":"Mozilla/5.0 (X11; Linux x86_64)","library":{"name":"analytics.js","version":"2.1.0"}}'

local function call()
  local person, kind = math.random(people), math.random(100)
  local head = string.format('{"messageId":"%s-%d-%d","anonymousId":"a%d",%s,', run, number, sent, person, CONTEXT)
  sent = sent + 1
  if person % 3 == 0 then head = head .. string.format('"userId":"u%d",', person) end
  if kind <= 3 then
    return head .. string.format('"type":"identify","traits":{"email":"p%d@example.com","firstName":"Anna"}}', person)
  elseif kind <= 45 then
    return head .. '"type":"page","name":"Product","properties":{"url":"https://shop.example.com/p/1"}}'
  elseif kind <= 96 then
    return head .. string.format(
      '"type":"track","event":"Product Viewed","properties":{"product_id":"%d","name":"Washing machine","price":499}}',
      math.random(500))
  end
  return head .. string.format(
    '"type":"track","event":"Order Completed","properties":{"order_id":"%s-%d-%d","total":499,"products":'
      .. '[{"product_id":"%d","name":"Washing machine","price":499,"quantity":1}]}}', run, number, sent, math.random(500))
end

function request()
  local calls = {}
  for place = 1, size do calls[place] = call() end
  return wrk.format(nil, nil, nil, '{"batch":[' .. table.concat(calls, ",") .. "]}")
end

function delay()
  if pace == 0 then return 0 end
  return math.floor(1000 / pace * (0.5 + math.random()))
end

function done(summary, latency)
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"failed":%d,"broken":%d,"p50":%d,"p95":%d,"p99":%d,"most":%d}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99), latency.max))
end
