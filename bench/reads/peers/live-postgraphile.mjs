import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { jsonParse } from "postgraphile/@dataplan/json";
import { context, lambda, listen } from "postgraphile/grafast";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { extendSchema } from "postgraphile/utils";
import { announce } from "./listen.mjs";

/**
 * PostGraphile with a subscription over LISTEN. A trigger notifies in the transaction that changes a VM. One channel has
 * the ten VMs that one subscriber follows: with a channel for each VM it did not keep up with a thousand subscribers.
 */
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query(`CREATE SCHEMA IF NOT EXISTS live_peer;
  CREATE OR REPLACE VIEW live_peer.vm AS SELECT vm_guid AS id, vm_ip AS ips FROM public.vm_dynamic;
  CREATE OR REPLACE FUNCTION live_peer.notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('vms:' || (('x' || right(NEW.vm_guid::text, 8))::bit(32)::int - 1) / 10, json_build_object('id', NEW.vm_guid, 'ips', NEW.vm_ip)::text);
      RETURN NULL;
    END $$;
  CREATE OR REPLACE TRIGGER live_peer AFTER UPDATE OF vm_ip ON public.vm_dynamic FOR EACH ROW
    WHEN (OLD.vm_ip IS DISTINCT FROM NEW.vm_ip) EXECUTE FUNCTION live_peer.notify()`);
await client.end();

const changes = extendSchema({
  typeDefs: `type Changed { id: ID! ips: String! }
    extend type Subscription { changed(group: Int!): Changed! }`,
  objects: {
    Subscription: {
      plans: {
        changed: {
          subscribePlan(_root, args) {
            const $topic = lambda(args.getRaw("group"), (group) => `vms:${group}`);
            return listen(context().get("pgSubscriber"), $topic, jsonParse);
          },
          plan: ($event) => $event,
        },
      },
    },
  },
});
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [changes],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["live_peer"],
      poolConfig: { max: 10 },
      pubsub: true,
    }),
  ],
  grafserv: { graphqlPath: "/graphql", graphiql: false, websockets: true, watch: false },
  grafast: { explain: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(0, "127.0.0.1", () => {
  announce(`http://127.0.0.1:${server.address().port}/graphql`);
});
