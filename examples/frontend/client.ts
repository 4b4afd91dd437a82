/** Lists the vNICs of a VM with its guest's addresses, then prints each change. `npx tsx examples/frontend/client.ts <url> <VM>` */
import { print } from "graphql";
import { createClient } from "graphql-sse";
import { initGraphQLTada, type ResultOf } from "gql.tada";
import type { introspection } from "./schema-types.js";

/** Operations are typed by the gateway's own schema: a field that goes away is an error of the compiler. */
const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; ID: string; IP: string; IPv4: string; IPv6: string; MAC: string };
}>();

const NicsQuery = graphql(`
  query ExampleNics($name: String!) {
    vms(first: 1, filter: { nameContains: $name }) {
      nodes {
        id
        name
        nics {
          name
          network
          macAddress
          guestInterface {
            name
            ipv4Addresses
            ipv6Addresses
          }
        }
      }
    }
  }
`);

const ChangesSubscription = graphql(`
  subscription ExampleChanges($id: ID!, $after: String) {
    guestNetworkChanged(filter: { vmIds: [$id] }, after: $after) {
      cursor
      kind
      changes {
        summary
      }
    }
  }
`);

const [url = "http://127.0.0.1:4000", name = "web-01"] = process.argv.slice(2);
const token = process.env["VNIC_TOKEN"];
const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };

const response = await fetch(`${url}/graphql`, {
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify({ query: print(NicsQuery), variables: { name } }),
});
const { data } = (await response.json()) as { data: ResultOf<typeof NicsQuery> };
const vm = data.vms?.nodes[0];
if (vm === undefined) throw new Error(`there is no VM ${name}, or you may not see it`);
for (const nic of vm.nics ?? []) {
  const { ipv4Addresses = [], ipv6Addresses = [] } = nic.guestInterface ?? {};
  console.log(nic.name, nic.network, nic.guestInterface?.name, ...ipv4Addresses, ...ipv6Addresses);
}

// A connection that is lost is opened again; `after` would go on behind the last cursor that was kept.
const events = createClient({ url: `${url}/graphql/stream`, headers, retryAttempts: Infinity });
const variables = { id: vm.id };
for await (const event of events.iterate<ResultOf<typeof ChangesSubscription>>({
  query: print(ChangesSubscription),
  variables,
})) {
  const change = event.data?.guestNetworkChanged;
  // The state comes first, then each change.
  if (change?.kind === "STATE") console.log(`following ${name}`);
  for (const { summary } of change?.changes ?? []) console.log(summary);
}
