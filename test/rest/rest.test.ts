import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-store/engine-database.js";
import { ids, SMALL_ENGINE, WINDOWS_NAME } from "../engine-store/small-engine.js";
import { startRest, type RestServer } from "./rest-server.js";
import { hasOtherParser, parseTreeByExpat, treeOfJson } from "./xml-tree.js";

let engine: EngineDatabase;
let rest: RestServer;

/** What a guest may call its interface: markup, what XML cannot write, and half a character. */
const HOSTILE = `</name><!-- & ]]> "'\u0001\u001b\ufffe é 网 😀`;
const hostileId = "10000000-0000-4000-8000-0000000000b0";

beforeAll(async () => {
  engine = await createEngineDatabase();
  await engine.asEngine(
    ...SMALL_ENGINE,
    `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid)
      VALUES ('${hostileId}', 'x<y>&z', 'VM', '${ids.blankTemplate}')`,
    `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, guest_agent_nics_hash) VALUES ('${hostileId}', 1, '${ids.host}', 5)`,
    `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name) VALUES ('${hostileId}', E'${HOSTILE.replaceAll("'", "''")}')`,
    `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name, mac_address, ipv4_addresses, ipv6_addresses) VALUES
      ('${ids.twin1}', 'bond0', '56:6f:00:00:01:01', '10.0.0.1', 'fe80::1'),
      ('${ids.twin1}', 'eth0', '56:6f:00:00:01:01', '', ''), ('${ids.twin1}', 'docker0', '02:42:00:00:00:01', '172.17.0.1', '')`,
    `INSERT INTO vm_interface (id, vm_guid, name, mac_addr) VALUES
      ('20000000-0000-4000-8000-000000000011', '${ids.twin1}', 'nic1', '56:6f:00:00:01:01'),
      ('20000000-0000-4000-8000-000000000012', '${ids.twin1}', 'nic2', NULL)`,
  );
  rest = await startRest(createEngineStore(engine.dataSource));
});

afterAll(async () => {
  await rest.stop();
  await engine.drop();
});

interface Json {
  readonly [name: string]: string | Json | Json[] | undefined;
}

async function json(path: string, headers: Record<string, string> = {}): Promise<Json> {
  const { status, text } = await rest.ask(path, headers);
  expect(status, text).toBe(200);
  return JSON.parse(text) as Json;
}

const all = { "all-content": "true" };
const nic1 = `/vms/${ids.twin1}/nics/20000000-0000-4000-8000-000000000011`;

const blank = { href: `/ovirt-engine/api/templates/${ids.blankTemplate}`, id: ids.blankTemplate };

describe("a VM", () => {
  test("carries guest_info with the header All-Content, as the feature page says", async () => {
    expect(await json(`/vms/${ids.twin1}`, all)).toEqual({
      href: `/ovirt-engine/api/vms/${ids.twin1}`,
      id: ids.twin1,
      name: "twin",
      status: "up",
      creation_time: "1970-01-01T00:00:00.000Z",
      os: { type: "other" },
      host: { href: `/ovirt-engine/api/hosts/${ids.host}`, id: ids.host },
      cluster: { href: `/ovirt-engine/api/clusters/${ids.blankTemplate}`, id: ids.blankTemplate },
      template: blank,
      original_template: blank,
      guest_info: {
        // An engine that has no list of addresses has those of its rows.
        ips: {
          ip: [
            { address: "10.0.0.1", version: "v4" },
            { address: "172.17.0.1", version: "v4" },
            { address: "fe80::1", version: "v6" },
          ],
        },
        primary_address: {
          address: "10.0.0.1",
          version: "v4",
          reason: "global IPv4 address of bond0, which is vNIC nic1",
        },
        network_devices: {
          network_device: [
            {
              name: "bond0",
              mac: { address: "56:6f:00:00:01:01" },
              ips: {
                ip: [
                  { address: "10.0.0.1", version: "v4" },
                  { address: "fe80::1", version: "v6" },
                ],
              },
            },
            {
              name: "docker0",
              mac: { address: "02:42:00:00:00:01" },
              ips: { ip: [{ address: "172.17.0.1", version: "v4" }] },
            },
            { name: "eth0", mac: { address: "56:6f:00:00:01:01" }, ips: { ip: [] } },
          ],
        },
        stale: "false",
      },
      link: [
        { href: `/ovirt-engine/api/vms/${ids.twin1}/nics`, rel: "nics" },
        { href: `/ovirt-engine/api/vms/${ids.twin1}/reporteddevices`, rel: "reporteddevices" },
        { href: `/ovirt-engine/api/vms/${ids.twin1}/tags`, rel: "tags" },
        { href: `/ovirt-engine/api/vms/${ids.twin1}/statistics`, rel: "statistics" },
        { href: `/ovirt-engine/api/vms/${ids.twin1}/affinitylabels`, rel: "affinitylabels" },
      ],
    });
  });

  test.each([
    ["without the header", "", {}],
    ["with the header false", "", { "all-content": "false" }],
    ["with the parameter false", "?all_content=false", {}],
  ])("carries none %s", async (_, query, headers) => {
    expect(await json(`/vms/${ids.twin1}${query}`, headers)).not.toHaveProperty("guest_info");
  });

  test.each(["?all_content=true", "?all_content", "?all_content=TRUE"])(
    "carries it with %s",
    async (query) => {
      expect(await json(`/vms/${ids.twin1}${query}`)).toHaveProperty("guest_info");
    },
  );

  test("tells unknown from none, and what is stale", async () => {
    const unknown = (await json(`/vms/${ids.blank}`, all))["guest_info"];
    expect(unknown).toEqual({ stale: "true", stale_reason: "agent_absent" });
    const stopped = (await json(`/vms/${ids.stopped}`, all))["guest_info"] as Json;
    expect(stopped).toEqual({
      ips: { ip: [] },
      network_devices: { network_device: [] },
      stale: "false",
    });
  });

  test.each([
    [ids.busy, "up"],
    [ids.stopped, "down"],
    [ids.lost, "unknown"],
    [ids.bare, "unassigned"],
  ])("%s has oVirt's word for its state: %s", async (id, word) => {
    expect((await json(`/vms/${id}`))["status"]).toBe(word);
  });

  test("tells its cluster, template and operating system, as an engine keeps them", async () => {
    expect(await json(`/vms/${ids.busy}?follow=cluster,template,original_template,host`)).toMatchObject({
      description: "the busy one",
      creation_time: "2024-02-29T12:34:56.789Z",
      os: { type: "rhel_9x64" },
      host: { id: ids.host, name: "alpha", address: "alpha.example", port: "54321", status: "up" },
      cluster: { href: `/ovirt-engine/api/clusters/${ids.cluster}`, name: "west" },
      template: { href: `/ovirt-engine/api/templates/${ids.template}`, name: "busy" },
      original_template: { id: ids.template, name: "busy" },
    });
    expect(await json(`/vms/${ids.blank}?follow=cluster`)).toMatchObject({
      cluster: { id: ids.blankTemplate, name: "unknown" },
    });
  });

  test.each([
    "original_template.permissions,original_template.nics.vnic_profile",
    "disk_attachments.disk,snapshots,cluster.permissions",
  ])("leaves out what is followed and not known here: %s", async (follow) => {
    const { status, text } = await rest.ask(`/vms/${ids.busy}?follow=${follow}`);
    expect([status, text]).toEqual([200, expect.not.stringContaining("permissions")]);
  });

  test("links to nothing that cannot be followed", async () => {
    const hrefs = (value: unknown): string[] => JSON.stringify(value).match(/(?<="href":")[^"]+/g) ?? [];
    const seen = new Set<string>();
    const unseen = hrefs(await json(`/vms/${ids.busy}?follow=nics`)).concat(hrefs(await json("")));
    for (let href = unseen.pop(); href !== undefined; href = unseen.pop()) {
      if (seen.has(href)) continue;
      seen.add(href);
      const { status, text } = await rest.ask(href.replace("/ovirt-engine/api", ""));
      expect(`${status} ${href}`).toBe(`200 ${href}`);
      if (!/\/vms\/(?!1.*1\b)|openapi/.test(href)) unseen.push(...hrefs(JSON.parse(text)));
    }
    expect(seen.size).toBeGreaterThan(30);
  });

  test("is found by an id in capitals", async () => {
    expect((await json(`/vms/${hostileId.toUpperCase()}`))["id"]).toBe(hostileId);
  });
});

describe("vNICs", () => {
  test("carry the page's interface name, IPv4 and IPv6 of the best interface with their MAC, and its primary address", async () => {
    const { nic } = await json(`/vms/${ids.twin1}/nics`);
    expect(nic).toMatchObject([
      {
        name: "nic1",
        linked: "true",
        interface_name: "bond0",
        ipv4: { address: ["10.0.0.1"] },
        ipv6: { address: ["fe80::1"] },
        primary_address: { address: "10.0.0.1", version: "v4" },
      },
      { name: "nic2" },
    ]);
    for (const name of ["interface_name", "primary_address"])
      expect((nic as Json[])[1]).not.toHaveProperty(name);
    expect(await json(nic1)).toEqual((nic as Json[])[0]);
  });

  test("carry network and plugged state where an engine tells them", async () => {
    const { nic } = await json(`/vms/${ids.busy}/nics`);
    expect(nic).toMatchObject([
      { plugged: "true", network: { name: "ovirtmgmt" } },
      { plugged: "false" },
      { linked: "false" },
    ]);
    expect((nic as Json[])[2]).not.toHaveProperty("plugged");
  });
});

describe("reported devices", () => {
  test("of a VM are all, with ids of their own even where name and MAC are equal", async () => {
    const devices = (await json(`/vms/${ids.busy}/reporteddevices`))["reported_device"] as Json[];
    expect(devices).toHaveLength(8);
    expect(new Set(devices.map((device) => device["id"])).size).toBe(8);
    expect(devices.find((device) => device["name"] === "eth1")).toMatchObject({
      name: "eth1",
      description: "guest reported data",
      type: "network",
      mac: { address: "56:6f:00:00:00:02" },
      vm: { id: ids.busy },
    });
    for (const device of devices) {
      const { text } = await rest.ask((device["href"] as string).replace("/ovirt-engine/api", ""));
      expect(JSON.parse(text)).toEqual(device);
    }
  });

  test("keep their ids when addresses change and others come", async () => {
    const listIds = async () => {
      const { reported_device } = await json(`/vms/${ids.windows}/reporteddevices`);
      return (reported_device as Json[]).map((device) => [device["name"], device["id"]]);
    };
    const [before] = await listIds();
    await engine.asEngine(
      `INSERT INTO vm_guest_agent_interfaces (vm_id, interface_name) VALUES ('${ids.windows}', 'another')`,
      `UPDATE vm_guest_agent_interfaces SET ipv4_addresses = '10.9.9.9' WHERE vm_id = '${ids.windows}' AND mac_address IS NOT NULL`,
    );
    const after = await listIds();
    expect(before?.[0]).toBe(WINDOWS_NAME);
    expect(after).toContainEqual(before);
    expect(after).toHaveLength(2);
  });

  test("of a vNIC are its own alone", async () => {
    const devices = (await json(`${nic1}/reporteddevices`))["reported_device"] as Json[];
    expect(devices.map((device) => device["name"])).toEqual(["bond0", "eth0"]);
    const { id } = devices[1] as { id: string };
    expect((await json(`${nic1}/reporteddevices/${id}`))["name"]).toBe("eth0");
    const other = (await json(`/vms/${ids.twin1}/reporteddevices`))["reported_device"] as Json[];
    const docker = other.find((device) => device["name"] === "docker0");
    expect((await rest.ask(`${nic1}/reporteddevices/${docker?.["id"] as string}`)).status).toBe(404);
  });

  test("of a guest that is not known are none", async () => {
    expect(await json(`/vms/${ids.blank}/reporteddevices`)).toEqual({ reported_device: [] });
  });

  test("are followed into VMs and vNICs", async () => {
    const vm = await json(`/vms/${ids.twin1}?follow=reported_devices,nics.reported_devices`);
    expect((vm["reported_devices"] as Json)["reported_device"]).toHaveLength(3);
    const nics = (vm["nics"] as Json)["nic"] as Json[];
    expect((nics[0]?.["reported_devices"] as Json)["reported_device"]).toHaveLength(2);
    const plain = await json(`/vms/${ids.twin1}?follow=nics`);
    expect(plain["nics"]).toMatchObject({ nic: [{ name: "nic1" }, { name: "nic2" }] });
    expect(plain).not.toHaveProperty("reported_devices");
  });
});

describe("the list of VMs", () => {
  const names = async (query: string) =>
    ((await json(`/vms${query}`))["vm"] as Json[]).map((vm) => vm["name"]);

  test("is all of them by name", async () => {
    expect(await names("")).toHaveLength(10);
    // What an engine takes for no limit.
    expect(await names("?max=-1")).toHaveLength(10);
  });

  test("is empty with max=0, and has no next page", async () => {
    for (const query of ["?max=0", "?max=0&search=name%3D*", "?max=0&page=2", "?max=0&follow=nics"]) {
      const { status, text, headers } = await rest.ask(`/vms${query}`);
      expect([status, JSON.parse(text), headers.get("link")]).toEqual([200, { vm: [] }, null]);
    }
    expect(await json("/hosts?max=0")).toEqual({ host: [] });
    expect(await json("/clusters?max=0")).toEqual({ cluster: [] });
  });

  test("stands beside empty lists of what is not known", async () => {
    expect(await json("/tags")).toEqual({ tag: [] });
    expect(await json("/affinitylabels?max=5")).toEqual({ affinity_label: [] });
    expect((await rest.ask("/tags", { accept: "application/xml" })).text).toContain("<tags");
    expect(await json(`/hosts/${ids.host}/tags`)).toEqual({ tag: [] });
    expect(await json(`/hosts/${ids.host}/statistics?max=5`)).toEqual({ statistic: [] });
    expect((await rest.ask(`/hosts/${ids.busy}/affinitylabels`)).status).toBe(404);
  });

  test("comes in pages, and says that there is more", async () => {
    const first = await rest.ask("/vms?max=4&search=status%3Dup");
    expect(first.headers.get("link")).toBe(
      '</ovirt-engine/api/vms?max=4&search=status%3Dup&page=2>; rel="next"',
    );
    expect(await names("?max=4&search=status%3Dup&page=2")).toHaveLength(3);
    const last = await rest.ask("/vms?max=4&search=status%3Dup%20page%202");
    expect(last.headers.get("link")).toBeNull();
    expect((JSON.parse(last.text) as { vm: Json[] }).vm).toHaveLength(3);
  });

  test.each([
    ["name=twin", ["twin", "twin", "twin"]],
    ["name=TWI*", ["twin", "twin", "twin"]],
    ["name=*in*", ["twin", "twin", "twin", "windows"]],
    ["name=win", []],
    ['name="x<y>&z"', ["x<y>&z"]],
    ["name=w*n*d*s", ["windows"]],
    ["name=w*s*s", []],
    ["name=*d", ["stopped"]],
    ["name=tw*win", []],
    ["name=* and status=down", ["stopped"]],
    ["status=down AND name=s*d", ["stopped"]],
    ["ip=192.0.2.60", ["lost"]],
    ["ip=192.0.2.50", []],
    ["ip=2001:DB8::5", ["windows"]],
    ["ip=192.0.2.1*", ["busy"]],
    ["ip=2001:db8:*", ["busy", "windows"]],
    ["ip=*", ["busy", "lost", "twin", "windows"]],
    ["ip!=*", ["bare", "blank", "stopped", "twin", "twin", "x<y>&z"]],
    ["win", ["twin", "twin", "twin", "windows"]],
    ["alpha", ["blank", "busy", "twin", "twin", "twin", "windows", "x<y>&z"]],
    ["busy.example", ["busy"]],
    ["192.0.2.99", ["busy"]],
    ["cluster=west", ["busy"]],
    ["cluster!=west and name=b*", ["bare", "blank"]],
    ["host=alpha and name=b*", ["blank", "busy"]],
    ["host=alpha.example name=busy", ["busy"]],
    ["host!=alpha", ["bare", "lost", "stopped"]],
    ["fqdn=*.example", ["busy"]],
    ["name=busy or name=bl*", ["blank", "busy"]],
    ["name!=twin and status=up", ["blank", "busy", "windows", "x<y>&z"]],
    ["Vms: status=Unknown or status=down sortby name desc", ["stopped", "lost"]],
    [`id=${ids.lost}`, ["lost"]],
    ["status=up sortby host desc page 1", ["blank", "busy", "twin", "twin", "twin", "windows", "x<y>&z"]],
    ["name=b* sortby ip desc", ["busy", "bare", "blank"]],
    ["name=b* sortby cluster", ["bare", "blank", "busy"]],
    ["name=b* sortby status", ["bare", "blank", "busy"]],
    ["name=b* sortby fqdn desc", ["busy", "bare", "blank"]],
    ["name=nothing", []],
    ['name="100%_"', []],
  ])("is searched in oVirt's words: %s", async (search, found) => {
    expect(await names(`?search=${encodeURIComponent(search)}`)).toEqual(found);
  });

  test.each([
    ["name=BUSY", "true", []],
    ["name=BUSY", "false", ["busy"]],
    ["name=b*Y", "true", []],
    ["name=b*y", "true", ["busy"]],
    ["BUSY", "true", []],
  ])("minds the case of letters if it is to: %s, %s", async (search, caseSensitive, found) => {
    expect(await names(`?search=${encodeURIComponent(search)}&case_sensitive=${caseSensitive}`)).toEqual(
      found,
    );
  });

  test("costs four statements with all that can be asked for, and two alone", async () => {
    engine.sent();
    await json("/vms", {});
    expect(engine.sent()).toHaveLength(2);
    await json("/vms?follow=reported_devices,nics.reported_devices", all);
    expect(engine.sent()).toHaveLength(4);
    await json(`/vms/${ids.busy}?follow=reported_devices,nics.reported_devices`, all);
    expect(engine.sent()).toHaveLength(4);
    await json("/vms?search=name%3Dtwin%20page%201&max=2");
    expect(engine.sent()).toHaveLength(2);
    await json("/vms?search=name%3Dtwin%20page%202&max=2");
    expect(engine.sent()).toHaveLength(3);
  });
});

describe("XML", () => {
  const paths = [
    ["", "api"],
    ["/vms?follow=reported_devices,nics.reported_devices", "vms"],
    [`/vms/${ids.busy}?follow=nics.reported_devices`, "vm"],
    [`/vms/${hostileId}`, "vm"],
    [`/vms/${ids.busy}/nics`, "nics"],
    [nic1, "nic"],
    [`/vms/${ids.busy}/reporteddevices`, "reported_devices"],
    [`/vms/${ids.blank}/reporteddevices`, "reported_devices"],
    ["/vms/nonsense", "fault"],
  ] as const;

  test.skipIf(!hasOtherParser).each(paths)(
    "of %s says what JSON says, to another parser",
    async (path, root) => {
      const xml = await rest.ask(path, { ...all, accept: "application/xml" });
      const { text } = await rest.ask(path, all);
      expect(xml.type).toBe("application/xml; charset=utf-8");
      expect(parseTreeByExpat(xml.text)).toEqual(treeOfJson(root, JSON.parse(storable(text))));
    },
  );

  test.each(paths)("of %s is well-formed", async (path, root) => {
    const { text } = await rest.ask(path, { ...all, accept: "application/xml" });
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is moving to a package of its own
    expect(XMLValidator.validate(text)).toBe(true);
    expect(Object.keys(new XMLParser().parse(text) as object)).toEqual(["?xml", root]);
  });

  test("has no place for a guest's markup", async () => {
    const { text } = await rest.ask(`/vms/${hostileId}/reporteddevices`, { accept: "application/xml" });
    expect(text).toContain("&lt;/name&gt;&lt;!-- &amp; ]]&gt;");
    for (const character of ["\u0001", "\u001b", "\ufffe"]) expect(text).not.toContain(character);
    expect(text).toContain("\ufffd\ufffd\ufffd é 网 😀");
  });
});

/** JSON can write what XML must replace. */
function storable(text: string): string {
  return text.replaceAll(/\\u0001|\\u001b|\ufffe/g, "\ufffd");
}
