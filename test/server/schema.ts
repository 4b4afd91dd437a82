import { buildSchema, GraphQLError, type GraphQLSchema } from "graphql";

/** A small schema with everything that hurts servers: cycles, lists, slow and failing fields, and entities. */
export const SDL = /* GraphQL */ `
  scalar _Any
  union _Entity = Vm | Nic
  type _Service {
    sdl: String
  }
  enum Status {
    UP
    DOWN
  }
  input VmFilter {
    name: String
    status: Status
    not: VmFilter
  }
  type Query {
    vm(id: ID!): Vm
    vms(first: Int = 50, after: String, filter: VmFilter): VmConnection!
    boom: String
    sql: String
    coded: String
    slow: Vm
    spin: [Vm!]!
    secretRendezvous: String
    _entities(representations: [_Any!]!): [_Entity]!
    _service: _Service!
  }
  type Mutation {
    restart(id: ID!): Boolean
  }
  type VmConnection {
    nodes: [Vm!]!
    totalCount: Int!
  }
  type Vm {
    id: ID!
    name: String!
    status: Status!
    nics: [Nic!]!
    slow: Vm
  }
  type Nic {
    id: ID!
    mac: String
    vm: Vm!
  }
`;

/** What the resolvers did, for tests that look for work going on. */
export interface Doings {
  resolved: number;
  mutations: number;
  waiting: Set<() => void>;
}

interface Context {
  readonly signal?: AbortSignal;
}

type Resolve = (source: never, args: never, context: Context) => unknown;

/** Builds the schema with resolvers that count what they do. */
export function hurtfulSchema(doings: Doings): GraphQLSchema {
  const schema = buildSchema(SDL, { assumeValidSDL: true });
  const vm = (id: string) => ({ id, name: `vm-${id}`, status: "UP" });
  const vms = (count: number) => Array.from({ length: count }, (_, at) => vm(String(at)));
  const counted = (resolve: Resolve): Resolve => {
    return (source, args, context) => {
      doings.resolved++;
      return resolve(source, args, context);
    };
  };
  const resolvers: Record<string, Resolve> = {
    "Query.vm": (_source, { id }: { id: string }) => vm(id),
    "Query.vms": (_source, { first }: { first: number }) => {
      if (first < 0 || first > 500)
        throw new GraphQLError("first is 0 to 500", { extensions: { code: "BAD_USER_INPUT" } });
      return { nodes: vms(first), totalCount: 500 };
    },
    "Query.boom": () => {
      throw new Error("ECONNREFUSED postgres://admin:hunter2@db/vnic");
    },
    "Query.sql": () => {
      throw Object.assign(new Error("invalid input syntax for type uuid: select secret from vm_static"), {
        code: "22P02",
      });
    },
    "Query.coded": () => {
      throw new GraphQLError("not here", { extensions: { code: "NOT_AVAILABLE" } });
    },
    "Query.slow": (_source, _args, { signal }) =>
      new Promise((resolve, reject) => {
        const go = () => {
          resolve(vm("1"));
        };
        doings.waiting.add(go);
        signal?.addEventListener("abort", () => {
          doings.waiting.delete(go);
          reject(new Error("stopped"));
        });
      }),
    "Query.spin": () => vms(3),
    "Query._entities": (_source, { representations }: { representations: { id: string }[] }) =>
      representations.map(({ id }) => ({ __typename: "Vm", ...vm(id) })),
    "Query._service": () => ({ sdl: SDL }),
    "Mutation.restart": () => {
      doings.mutations++;
      return true;
    },
    "Vm.nics": () => [0, 1, 2, 3].map((at) => ({ id: String(at), mac: "00:00:00:00:00:0" + String(at) })),
    "Vm.slow": () => {
      // Blocks like real work does, without waiting.
      const end = performance.now() + 20;
      while (performance.now() < end);
      return vm("2");
    },
    "Nic.vm": () => vm("1"),
  };
  for (const [place, resolve] of Object.entries(resolvers)) {
    const [type, field] = place.split(".") as [string, string];
    const object = schema.getType(type);
    if (object && "getFields" in object)
      Object.assign(object.getFields()[field]!, { resolve: counted(resolve) });
  }
  return schema;
}
