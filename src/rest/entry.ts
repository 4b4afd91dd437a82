import { BASE } from "./elements/elements.js";
import type { Answer } from "./routes/route.js";

/**
 * The answer of the API's root. Clients read the version of the API there first. It is the version of oVirt whose API
 * this is, not the version of this program.
 */
export const ENTRY: Answer = {
  root: "api",
  element: {
    product_info: {
      name: "vnic-graph",
      version: { build: "0", full_version: "4.5.0", major: "4", minor: "5", revision: "0" },
    },
    link: [
      ...["vms", "hosts", "clusters", "templates", "networks", "tags", "affinitylabels"].map((rel) => ({
        href: `${BASE}/${rel}`,
        rel,
      })),
      { href: `${BASE}/openapi.json`, rel: "describedby" },
    ],
  },
};
