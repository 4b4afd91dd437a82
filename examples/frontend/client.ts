/** Lists the vNICs of a VM with its guest's addresses, then each change. `npx tsx examples/frontend/client.ts <url> <VM>` */
import { print } from "graphql";
import { createClient } from "graphql-sse";
import { initGraphQLTada, type ResultOf } from "gql.tada";
import type { introspection } from "./schema-types.js";

// The gateway's schema types the operation. If a field is removed, the compiler reports it.
const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; ID: string; IP: string; IPv4: string; IPv6: string; MAC: string };
}>();
// prettier-ignore
const NicsSubscription = graphql(`
  subscription ExampleNics($name: String!, $after: String) {
    guestNetworkChanged(filter: { namePattern: $name }, after: $after) {
      cursor kind changes { summary }
      vm { nics { name network guestInterface { name ipv4Addresses ipv6Addresses } } }
    }
  }
`);

const [url = "http://127.0.0.1:4000", name = "web-01"] = process.argv.slice(2);
const token = process.env["VNIC_TOKEN"];
const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
const client = createClient({ url: `${url}/graphql/stream`, headers, retryAttempts: Infinity });
const variables: { name: string; after?: string } = { name };
const query = print(NicsSubscription);
for await (const answer of client.iterate<ResultOf<typeof NicsSubscription>>({ query, variables })) {
  // While the gateway waits for its database, the client connects again by itself.
  if (answer.errors?.[0]?.extensions["code"] === "NOT_AVAILABLE") continue;
  const event = answer.data?.guestNetworkChanged;
  if (event == null) throw new Error(`there are no changes of ${name}, or they are not for you`);
  // The state comes first. After a lost connection the client continues behind this cursor.
  variables.after = event.cursor;
  for (const { summary } of event.changes) console.log(summary);
  for (const nic of event.kind === "STATE" ? (event.vm?.nics ?? []) : []) {
    const { ipv4Addresses = [], ipv6Addresses = [] } = nic.guestInterface ?? {};
    console.log(nic.name, nic.network, nic.guestInterface?.name, ...ipv4Addresses, ...ipv6Addresses);
  }
}
