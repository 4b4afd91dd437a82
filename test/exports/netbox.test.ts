import { expect, test } from "vitest";
import { FORMATS } from "../../src/exports/formats.js";
import { uuid } from "../support/builders/ids.js";

test.each(["n".repeat(255), "\u{1f600}".repeat(255), "short"])(
  "a description has no more characters than NetBox takes, and ends with the VM's id, for the name %s",
  (name) => {
    const line = FORMATS.netbox.formatVm({
      id: uuid(1, 1),
      name,
      status: "UP",
      host: null,
      fqdn: null,
      address: "10.0.0.1",
      network: null,
      mac: null,
      addresses: [],
      uniqueName: name,
      dns: null,
    });
    const description = line!.trimEnd().split(",").at(-1)!;
    expect(Array.from(description).length).toBeLessThanOrEqual(200);
    expect(description).toContain(name.slice(0, 100));
    expect(description.endsWith(` (${uuid(1, 1)})`)).toBe(true);
  },
);
