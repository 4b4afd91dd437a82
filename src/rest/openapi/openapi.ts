import { BASE } from "../elements/elements.js";
import { referTo, SCHEMAS } from "./openapi-schemas.js";

const MAX = describeQueryParameter("max", "At most so many; without it all are answered.", {
  type: "integer",
  minimum: 0,
});

/** The OpenAPI 3.1 document of the REST flow. Tests compare real answers with it. */
export const OPENAPI = {
  openapi: "3.1.0",
  info: {
    title: "vnic-graph, in oVirt's words",
    version: "1",
    description:
      "What guests report about their network interfaces, as oVirt's feature page laid it out. XML and JSON by Accept; " +
      "XML if it does not say. Truth and numbers are text, as in oVirt.",
  },
  servers: [{ url: BASE }],
  paths: {
    "/": { get: describeOperation("entry", "Where to go from here.", "Api", []) },
    "/vms": {
      get: describeOperation(
        "listVms",
        "VMs by name: all of them, or a page, whose Link header leads on.",
        "Vms",
        [...listParameters(), ...listVmParameters()],
      ),
    },
    ...Object.fromEntries(
      [
        ["tags", "Tags"],
        ["affinitylabels", "AffinityLabels"],
      ].map(([name = "", schema = ""]) => [
        `/${name}`,
        {
          get: describeOperation(
            `list${schema}`,
            "Nothing is known of these; the list is empty.",
            schema,
            [],
          ),
        },
      ]),
    ),
    "/vms/{vmId}": {
      get: describeOperation("getVm", "One VM.", "Vm", [
        describePathParameter("vmId"),
        ...listVmParameters(),
      ]),
    },
    ...describeEmptyLists("Vm"),
    ...describeEmptyLists("Host"),
    "/vms/{vmId}/nics": {
      get: describeOperation("listNics", "A VM's vNICs, with the guest's interface behind each.", "Nics", [
        describePathParameter("vmId"),
        MAX,
        follow("reported_devices", "network", "statistics"),
      ]),
    },
    "/vms/{vmId}/nics/{nicId}": {
      get: describeOperation("getNic", "One vNIC, with the guest's interface behind it.", "Nic", [
        describePathParameter("vmId"),
        describePathParameter("nicId"),
        follow("reported_devices", "network", "statistics"),
      ]),
    },
    "/vms/{vmId}/nics/{nicId}/statistics": {
      get: describeOperation(
        "listNicStatistics",
        "Nothing is known of these; the list is empty.",
        "Statistics",
        [describePathParameter("vmId"), describePathParameter("nicId")],
      ),
    },
    "/vms/{vmId}/reporteddevices": {
      get: describeOperation("listDevices", "All interfaces of a VM's guest.", "ReportedDevices", [
        describePathParameter("vmId"),
        MAX,
      ]),
    },
    "/vms/{vmId}/reporteddevices/{deviceId}": {
      get: describeOperation("getDevice", "One of them.", "ReportedDevice", [
        describePathParameter("vmId"),
        describePathParameter("deviceId"),
      ]),
    },
    "/vms/{vmId}/nics/{nicId}/reporteddevices": {
      get: describeOperation(
        "listNicDevices",
        "The guest's interfaces with the vNIC's MAC, no others.",
        "ReportedDevices",
        [describePathParameter("vmId"), describePathParameter("nicId"), MAX],
      ),
    },
    "/vms/{vmId}/nics/{nicId}/reporteddevices/{deviceId}": {
      get: describeOperation("getNicDevice", "One of them.", "ReportedDevice", [
        describePathParameter("vmId"),
        describePathParameter("nicId"),
        describePathParameter("deviceId"),
      ]),
    },
    "/hosts": { get: describeOperation("listHosts", "Hosts by name.", "Hosts", listParameters()) },
    "/hosts/{hostId}": {
      get: describeOperation("getHost", "One host.", "Host", [describePathParameter("hostId")]),
    },
    ...Object.fromEntries(
      ["Clusters", "Templates", "Networks"].flatMap((schema) => {
        const collection = schema.toLowerCase();
        return [
          [
            `/${collection}`,
            { get: describeOperation(`list${schema}`, "By name.", schema, listParameters()) },
          ],
          [
            `/${collection}/{namedId}`,
            {
              get: describeOperation(`get${schema.slice(0, -1)}`, "One of them.", "Named", [
                describePathParameter("namedId"),
              ]),
            },
          ],
        ];
      }),
    ),
    "/clusters/{namedId}/affinitygroups": {
      get: describeOperation(
        "listAffinityGroups",
        "Nothing is known of these; the list is empty.",
        "AffinityGroups",
        [describePathParameter("namedId")],
      ),
    },
  },
  components: { schemas: SCHEMAS },
} as const;

type Part = Readonly<Record<string, unknown>>;

function describeOperation(
  operationId: string,
  summary: string,
  schema: string,
  parameters: readonly Part[],
): Part {
  return {
    operationId,
    summary,
    parameters,
    responses: {
      200: { description: summary, content: describeContent(schema) },
      default: { description: "A fault: the status says which kind.", content: describeContent("Fault") },
    },
  };
}

function describeEmptyLists(parent: "Vm" | "Host"): Part {
  const id = `${parent.toLowerCase()}Id`;
  const lists = [
    ["tags", "Tags"],
    ["statistics", "Statistics"],
    ["affinitylabels", "AffinityLabels"],
  ] as const;
  return Object.fromEntries(
    lists.map(([name, schema]) => [
      `/${parent.toLowerCase()}s/{${id}}/${name}`,
      {
        get: describeOperation(
          `list${parent}${schema}`,
          "Nothing is known of these; the list is empty.",
          schema,
          [describePathParameter(id)],
        ),
      },
    ]),
  );
}

function describeContent(schema: string): Part {
  return { "application/xml": { schema: referTo(schema) }, "application/json": { schema: referTo(schema) } };
}

function describePathParameter(name: string): Part {
  return { name, in: "path", required: true, schema: { type: "string", format: "uuid" } };
}

function describeQueryParameter(name: string, description: string, schema: Part): Part {
  return { name, in: "query", description, schema };
}

function listParameters(): readonly Part[] {
  return [
    MAX,
    describeQueryParameter("page", "Which page of `max`, from 1.", { type: "integer", minimum: 1 }),
    describeQueryParameter(
      "search",
      "Such as `name=web* and status=up sortby host` or `ip=192.0.2.1 page 2`.",
      {
        type: "string",
      },
    ),
    describeQueryParameter("case_sensitive", "`true` tells `Web` from `web` in a search.", {
      type: "string",
      enum: ["true", "false"],
    }),
  ];
}

function follow(...names: readonly string[]): Part {
  return describeQueryParameter(
    "follow",
    `Answers these too, instead of linking to them: ${names.join(", ")}.`,
    {
      type: "string",
    },
  );
}

function listVmParameters(): readonly Part[] {
  const schema = { type: "string", enum: ["true", "false"] };
  return [
    follow(
      "reported_devices",
      "nics",
      "nics.reported_devices",
      "nics.network",
      "host",
      "cluster",
      "template",
      "original_template",
      "tags",
      "statistics",
      "affinity_labels",
    ),
    { name: "All-Content", in: "header", description: "`true` adds guest_info.", schema },
    describeQueryParameter("all_content", "The same as a parameter.", schema),
  ];
}
