import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatCidr } from "../../src/model/address/cidr.js";
import {
  findPrimaryAddress,
  type AddressedInterface,
  type AddressedNic,
} from "../../src/model/address/primary-address.js";
import {
  ADDRESS_CASES,
  MACS,
  NICS,
  toInterface,
  type AddressCase,
} from "../support/builders/address-cases.js";
import { ROOT } from "../support/documents/markdown.js";

const PAGE = join(ROOT, "docs/primary-address.md");

test("the page about primary addresses shows every case as the function answers it", async () => {
  const [text = ""] = readFileSync(PAGE, "utf8").split(/\n\| case \|/);
  const rows = ADDRESS_CASES.map((each) => `| ${formatCase(each).join(" | ")} |`);
  const head = ["| case | the guest reports | asked for | address | reason |", "|---|---|---|---|---|"];
  const page = `${text.trimEnd()}\n\n${[...head, ...rows].join("\n")}\n\nNext: [the graph](api.md)\n`;
  await expect(page).toMatchFileSnapshot(PAGE);
});

function formatCase({ title, guest, question = {}, nics }: AddressCase): string[] {
  const interfaces = guest.map(toInterface);
  const found = findPrimaryAddress(interfaces, nics ?? NICS, question);
  const { family, network, within } = question;
  const asked = [
    ...(family == null ? [] : [`\`family\` IPv${family}`]),
    ...(network == null ? [] : [`\`network\` ${network}`]),
    ...(within == null ? [] : [`\`within\` ${formatCidr(within)}`]),
  ];
  return [
    title + (nics === undefined ? "" : ` (${formatNics(nics)})`),
    interfaces.map(formatInterface).join("<br>"),
    asked.join(", "),
    found === null ? "none" : `**${found.address}**`,
    found?.reason ?? "",
  ];
}

function formatInterface(reported: AddressedInterface): string {
  const { name, macAddress, ipv4Addresses, ipv6Addresses } = reported;
  const mac = macAddress === null ? [] : [nameMac(macAddress)];
  return [name === null ? "no name" : `\`${name}\``, ...mac, ...ipv4Addresses, ...ipv6Addresses].join(" ");
}

function formatNics(nics: readonly AddressedNic[]): string {
  if (nics.length === 0) return "no vNIC is known";
  return nics
    .map(({ name, macAddress, network }) => {
      const mac = macAddress === null ? "without a MAC" : nameMac(macAddress);
      return `${name} ${mac}${network === null ? "" : ` on ${network}`}`;
    })
    .join(", ");
}

function nameMac(mac: string): string {
  const name = Object.keys(MACS).find((each) => MACS[each] === mac);
  return name === undefined ? mac : `*${name}*`;
}
