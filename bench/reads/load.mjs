import autocannon from "autocannon";

/**
 * Sends the bodies that come by standard input ({url, headers, bodies, connections, seconds}), one after the other on
 * each connection. Prints what came of it as one line of JSON.
 */
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, headers, bodies, connections, seconds } = JSON.parse(Buffer.concat(chunks).toString());
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  requests: bodies.map((body) => ({ method: "POST", body })),
});
const { requests, latency, non2xx, errors, timeouts } = result;
process.stdout.write(
  JSON.stringify({
    requests: requests.total,
    seconds: result.duration,
    p50: latency.p50,
    p99: latency.p99,
    failed: non2xx + errors + timeouts,
  }) + "\n",
);
