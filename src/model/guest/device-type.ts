import { isContainerInterface } from "./container-names.js";

/** What kind of interface a guest has, as far as its name says. */
export type DeviceType = "VLAN" | "BOND" | "BRIDGE" | "CONTAINER";

/** Guesses what kind of interface a name is usually given to; `null`: a plain one, or nobody knows. */
export function guessDeviceType(name: string | null): DeviceType | null {
  if (name === null) return null;
  if (isContainerInterface(name)) return "CONTAINER";
  if (/^(?:vlan\d+|[^.]+\.\d{1,4})$/i.test(name)) return "VLAN";
  if (/^(?:bond|team)\d+$/i.test(name)) return "BOND";
  return /^(?:br\d+|br-.+|bridge\d*)$/i.test(name) ? "BRIDGE" : null;
}
