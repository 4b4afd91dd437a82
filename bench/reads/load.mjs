import autocannon from "autocannon";

/**
 * Sends the bodies that come on standard input ({url, headers, bodies, connections, seconds}). Each connection has a
 * share of them, and sends it again and again, one body at a time; so no body is sent twice at the same time. Prints
 * the results as one line of JSON.
 */
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { url, headers, bodies, connections, seconds } = JSON.parse(Buffer.concat(chunks).toString());
const requests = bodies.map((body) => ({ method: "POST", body }));
let clients = 0;
const result = await autocannon({
  url,
  connections,
  duration: seconds,
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  requests: requests.slice(0, 1),
  setupClient: (client) => {
    const number = clients++;
    const share = requests.filter((_, at) => at % connections === number % requests.length);
    client.setRequests(share);
  },
});
const { requests: sent, latency, non2xx, errors, timeouts } = result;
process.stdout.write(
  JSON.stringify({
    requests: sent.total,
    seconds: result.duration,
    p50: latency.p50,
    p99: latency.p99,
    failed: non2xx + errors + timeouts,
  }) + "\n",
);
