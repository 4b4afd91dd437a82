import { ENTRY } from "../entry.js";
import { INVENTORY_ROUTES } from "./inventory-routes.js";
import { NIC_ROUTES } from "./nic-routes.js";
import type { Route } from "./route.js";
import { VM_ROUTES } from "./vm-routes.js";

/** Every path of the flow. */
export const ROUTES: readonly Route[] = [
  { path: "", parameters: [], answer: () => Promise.resolve(ENTRY) },
  { path: "/", parameters: [], answer: () => Promise.resolve(ENTRY) },
  ...VM_ROUTES,
  ...NIC_ROUTES,
  ...INVENTORY_ROUTES,
];
