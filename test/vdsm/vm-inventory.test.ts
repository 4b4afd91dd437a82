import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionFailureError } from "../../src/vdsm/wire/connection-failure.js";
import {
  MOST_NICS,
  parseCapabilities,
  parseDeviceLists,
  parseDomains,
} from "../../src/vdsm/records/vm-inventory.js";
import { VM_ID } from "./fixtures/wire.js";

const NIC_ID = "abbe451b-a6e7-416c-a028-2425dfad96c7";
const OTHER_VM = "497dea00-9a08-49f3-82f4-da141c460a1d";

const BRIDGE =
  `<interface type='bridge'><mac address='00:1A:4a:16:17:08'/><source bridge='ovirtmgmt'/><target dev='vnet0'/>` +
  `<model type='virtio'/><link state='up'/><alias name='ua-${NIC_ID.toUpperCase()}'/></interface>`;
const HOSTDEV =
  `<interface type='hostdev' managed='no'><mac address='00:1a:4a:16:17:09'/><driver name='vfio'/>` +
  `<source><address type='pci' domain='0x0000'/></source><link state='down'/><alias name='hostdev0'/></interface>`;
const METADATA =
  `<metadata xmlns:ovirt-vm='http://ovirt.org/vm/1.0'><ovirt-vm:vm><ovirt-vm:device devtype='interface' ` +
  `mac_address='00:1A:4A:16:17:09'><ovirt-vm:network>sriov &amp; co &#x41;</ovirt-vm:network><ovirt-vm:custom/>` +
  `</ovirt-vm:device><ovirt-vm:device devtype='disk' name='sda'/></ovirt-vm:vm></metadata>`;

function domain(devices: string, metadata = ""): string {
  return `<domain type='kvm' id='7'><name>vm-900</name>${metadata}<devices><disk><alias name='ua-${VM_ID}'/></disk>${devices}</devices></domain>`;
}

function parseNics(xml: string) {
  return parseDomains({ [VM_ID]: xml }).get(VM_ID);
}

describe("the domains of a host", () => {
  test("have the networks of their metadata by MAC and by alias, however long these are", () => {
    const mac = (last: number) => "00:1a:".repeat(3_000) + String(last);
    const alias = (last: number) => "net".repeat(6_000) + String(last);
    const nic = (mac: string, alias: string) =>
      `<interface type='network'><mac address='${mac}'/><alias name='${alias}'/></interface>`;
    const metadata = `<metadata><vm><device mac_address='${mac(1)}'><network>one</network></device><device mac_address='${mac(2)}'><network>two</network></device><device mac_address='x' alias='${alias(3)}'><network>three</network></device></vm></metadata>`;

    const nics = parseNics(
      domain(
        nic(mac(2).toUpperCase(), "") + nic(mac(1), alias(1)) + nic(mac(4), alias(3)) + nic(mac(5), alias(5)),
        metadata,
      ),
    );

    expect(nics?.map(({ network }) => network)).toEqual(["two", "one", "three", null]);
  });

  test("are refused one by one if they have more vNICs than any VM", () => {
    const most = Array.from({ length: MOST_NICS }, () => BRIDGE).join("");
    const found = parseDomains({ [VM_ID]: domain(most + BRIDGE), [OTHER_VM]: domain(most) });
    expect([...found.keys()]).toEqual([OTHER_VM]);
    expect(found.get(OTHER_VM)).toHaveLength(MOST_NICS);
    const devices = Array.from({ length: MOST_NICS + 1 }, () => ({ type: "interface" }));
    expect(parseDeviceLists([{ vmId: VM_ID, devices }]).size).toBe(0);
  });

  test("do not stay in memory with what is read of them", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const padding = `<!--${"x".repeat(1_000_000)}-->`;
    const used = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = used();
    // Each has a text of its own, as if it had come from a host.
    const found = Array.from({ length: 40 }, (_, at) => parseNics(`${domain(BRIDGE)}${padding}<!--${at}-->`));
    expect(used() - before).toBeLessThan(10_000_000);
    expect(found).toHaveLength(40);
  });

  test("tell the vNIC of a bridge, its id from the engine's alias", () => {
    expect(parseNics(domain(BRIDGE))).toEqual([
      { id: NIC_ID, name: "vnet0", macAddr: "00:1A:4a:16:17:08", network: "ovirtmgmt", linkActive: true },
    ]);
  });

  test("tell a virtual function, its network from oVirt's metadata", () => {
    expect(parseNics(domain(BRIDGE + HOSTDEV, METADATA))?.[1]).toEqual({
      id: null,
      name: null,
      macAddr: "00:1a:4a:16:17:09",
      network: "sriov & co A",
      linkActive: false,
    });
    expect(parseNics(domain(HOSTDEV))?.[0]?.network).toBeNull();
  });

  test.each([
    ["the bridge of no network", BRIDGE.replace("ovirtmgmt", ";vdsmdummy;"), { network: null }],
    ["a libvirt network", BRIDGE.replace("bridge='ovirtmgmt'", "network='default'"), { network: "default" }],
    ["a link state in capitals", BRIDGE.replace("state='up'", "state='DOWN'"), { linkActive: false }],
    ["no link state", BRIDGE.replace("<link state='up'/>", ""), { linkActive: true }],
    ["an alias of libvirt's own", BRIDGE.replace(/ua-[^']+/, "net0"), { id: null }],
    ["an alias that is no UUID", BRIDGE.replace(/ua-[^']+/, "ua-nic1"), { id: null }],
    ["no MAC", BRIDGE.replace(/<mac[^>]+>/, ""), { macAddr: null }],
    ["escapes in a name", BRIDGE.replace("ovirtmgmt", "a&lt;b&apos;&#39;"), { network: "a<b''" }],
    [
      "nothing",
      "<interface type='bridge'/>",
      { id: null, name: null, macAddr: null, network: null, linkActive: true },
    ],
  ])("are read with %s", (_, element, expected) => {
    const xml = element.startsWith("<interface type='bridge'/>")
      ? domain(`${element}${BRIDGE}`)
      : domain(element);
    expect(parseNics(xml)?.[0]).toMatchObject(expected);
  });

  test("take the engine's id from metadata where the alias has none", () => {
    const metadata = METADATA.replace(
      "<ovirt-vm:custom/>",
      `<ovirt-vm:deviceId>${NIC_ID}</ovirt-vm:deviceId>`,
    );
    expect(parseNics(domain(HOSTDEV, metadata))?.[0]?.id).toBe(NIC_ID);
  });

  const OVS = "<virtualport type='openvswitch'><parameters interfaceid='x'/></virtualport>";
  test.each([
    ["that changed while the VM runs", "bridge", "bridge='lan'", "ovirtmgmt", "lan"],
    ["that was taken away while the VM runs", "bridge", "bridge=';vdsmdummy;'", "ovirtmgmt", null],
    ["that it never had", "bridge", "bridge=';vdsmdummy;'", ";vdsmdummy;", null],
    ["of OVN", "bridge", `bridge='br-int'/>${OVS}<x`, "ovn-net", "ovn-net"],
    ["of Open vSwitch", "bridge", "bridge='vdsmbr_Tr12'", "ovirtmgmt", "ovirtmgmt"],
    ["behind one of libvirt's", "network", "network='ext' bridge='virbr0'", "outside", "outside"],
    ["of libvirt alone", "network", "network='default' bridge='virbr0'", "", "virbr0"],
  ])("are read with a network %s", (_, type, source, inMetadata, expected) => {
    const element = BRIDGE.replace("bridge", type).replace("bridge='ovirtmgmt'", source);
    const metadata = METADATA.replace("17:09", "17:08").replace(
      /(<ovirt-vm:network>)[^<]*/,
      `$1${inMetadata}`,
    );
    expect(parseNics(domain(element, metadata))?.[0]?.network).toBe(expected);
  });

  describe("with a virtual function that fails over to a bridge", () => {
    const PROFILE_ID = "0c5d6f7a-5d3b-4a8c-9a51-1f3b0b2f7c11";
    const MAC = "<mac address='00:1a:4a:16:17:09'/>";
    const transient =
      `<interface type='hostdev'>${MAC}<teaming type='transient' persistent='ua-${PROFILE_ID}'/>` +
      `<alias name='ua-${NIC_ID}'/></interface>`;
    const persistent =
      `<interface type='bridge'>${MAC}<source bridge='lan'/><target dev='vnet5'/><teaming type='persistent'/>` +
      `<alias name='ua-${PROFILE_ID}'/></interface>`;
    const metadata =
      `<metadata><vm><device alias='ua-${NIC_ID}' mac_address='00:1a:4a:16:17:09'><network>fast</network></device>` +
      `<device alias='ua-${PROFILE_ID}' mac_address='00:1a:4a:16:17:09'><network>lan</network></device></vm></metadata>`;

    test.each([
      ["first", transient + persistent],
      ["last", persistent + transient],
    ])("have the engine's one vNIC, whose virtual function comes %s", (_, devices) => {
      expect(parseNics(domain(devices, metadata))).toEqual([
        { id: NIC_ID, name: null, macAddr: "00:1a:4a:16:17:09", network: "fast", linkActive: true },
      ]);
    });

    test("have the bridge alone while the virtual function is unplugged, without the profile's id", () => {
      expect(parseNics(domain(persistent, metadata))).toEqual([
        { id: null, name: "vnet5", macAddr: "00:1a:4a:16:17:09", network: "lan", linkActive: true },
      ]);
    });
  });

  test("without vNICs have none", () => {
    expect(parseNics(domain(""))).toEqual([]);
    expect(parseNics("<domain><devices/></domain>")).toEqual([]);
  });

  test.each([
    ["cut", domain(BRIDGE + HOSTDEV).slice(0, -30)],
    ["of another root", "<network/>"],
    ["without devices", "<domain><name>x</name></domain>"],
    ["no XML", "vm-900"],
    ["empty", ""],
    ["of crossed tags", "<domain><devices></domain></devices>"],
    ["with a document type", `<!DOCTYPE d [<!ENTITY a "${"b".repeat(99)}">]>${domain(BRIDGE)}`],
    ["nested beyond measure", domain("<a>".repeat(5_000) + "</a>".repeat(5_000))],
    ["too long", domain(`<!--${"x".repeat(4_194_304)}-->`)],
  ])("the domains of a host that are %s are absent, and spoil no other", (_, xml) => {
    const found = parseDomains({
      [VM_ID]: xml,
      [OTHER_VM.toUpperCase()]: domain(BRIDGE),
      x: domain(""),
      y: 7,
    });
    expect([...found.keys()]).toEqual([OTHER_VM]);
  });

  test("cut anywhere are never read as a domain with fewer vNICs", () => {
    const xml = domain(BRIDGE + HOSTDEV, METADATA);
    for (let length = 0; length < xml.length; length += 1)
      expect(parseNics(xml.slice(0, length))).toBeUndefined();
  });

  test("come out of any text without a crash", () => {
    const part = fc.constantFrom(
      "<domain>",
      "</domain>",
      "<devices>",
      "</devices>",
      BRIDGE,
      METADATA,
      "<a",
      "/>",
      "&",
      "]]>",
      "<![CDATA[",
      "<?x?>",
      "<!--",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ maxLength: 4 })), { maxLength: 12 }), (parts) => {
        const nics = parseNics(parts.join(""));
        expect(nics === undefined || Array.isArray(nics)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("the device lists of a host up to 4.3", () => {
  const device = {
    type: "interface",
    device: "bridge",
    macAddr: "00:1a:4a:16:17:08",
    network: "ovirtmgmt",
    name: "vnet0",
    alias: `ua-${NIC_ID}`,
    deviceId: OTHER_VM,
    linkActive: true,
  };
  const nic = {
    id: NIC_ID,
    name: "vnet0",
    macAddr: "00:1a:4a:16:17:08",
    network: "ovirtmgmt",
    linkActive: true,
  };

  test.each([
    ["its alias", {}, {}],
    ["its deviceId", { alias: "net0" }, { id: OTHER_VM }],
    ["neither", { alias: null, deviceId: 7 }, { id: null }],
    ["deviceType alone", { type: undefined, deviceType: "interface" }, {}],
    ["a link that is down", { linkActive: false }, { linkActive: false }],
    ["a link that is down in text", { linkActive: "False" }, { linkActive: false }],
    ["a link that is up in text", { linkActive: "true" }, {}],
    ["a link of 0", { linkActive: 0 }, { linkActive: false }],
    ["no word of its link", { linkActive: undefined }, {}],
    ["no network", { network: "" }, { network: null }],
  ])("tell a vNIC by %s", (_, given, expected) => {
    const record = {
      vmId: VM_ID,
      devices: [{ type: "disk", deviceId: VM_ID }, null, { ...device, ...given }],
    };
    expect(parseDeviceLists([record]).get(VM_ID)).toEqual([{ ...nic, ...expected }]);
  });

  test("have no entry for short records of later releases, nor for what is none", () => {
    const found = parseDeviceLists([
      { vmId: VM_ID, status: "Up" },
      1,
      { vmId: "x", devices: [] },
      { vmId: OTHER_VM, devices: [] },
    ]);
    expect([...found]).toEqual([[OTHER_VM, []]]);
  });
});

describe("the capabilities of a host", () => {
  test("are its name and release, where it tells them", () => {
    expect(parseCapabilities({ hostname: "h1", software_version: 4.5, x: [] })).toEqual({
      hostname: "h1",
      softwareVersion: "4.5",
    });
    expect(parseCapabilities({ hostname: {} })).toEqual({ hostname: null, softwareVersion: null });
  });
});

describe("any verb's answer", () => {
  test("of any JSON is read or refused as no protocol of VDSM's", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const check of [parseDomains, parseDeviceLists, parseCapabilities]) {
          try {
            check(value);
          } catch (error) {
            expect(error).toBeInstanceOf(ConnectionFailureError);
            expect((error as ConnectionFailureError).kind).toBe("protocol");
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test.each([
  ["an element of very many attributes", `<a ${'b="" '.repeat(300)}/>`],
  ["very many elements", "<a/>".repeat(100_001)],
])("a domain with %s is not parsed", (_, element) => {
  expect(parseNics(domain(element + BRIDGE))).toBeUndefined();
});

test.each([
  ["a million angle brackets", domain("<".repeat(1_000_000))],
  [
    "an element of 300,000 attributes",
    domain(`<a ${Array.from({ length: 300_000 }, (_, at) => `b${at}=""`).join(" ")}/>`),
  ],
  ["quotes that end nowhere", domain("<a b='".repeat(100_000))],
  ["comments that end nowhere", domain("<!--".repeat(100_000))],
])("a domain of %s is refused for little CPU", (_, xml) => {
  const before = process.cpuUsage();
  expect(parseNics(xml)).toBeUndefined();
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(500);
});
