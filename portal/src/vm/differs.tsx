import { createContext, useContext, type ReactNode } from "react";
import type { Device } from "./match-nics.js";

/** The addresses of each interface at the other time; `null`: nothing is compared. */
const OtherTime = createContext<ReadonlySet<string> | null>(null);

/** Compares the addresses inside it with those of another time. */
export function CompareWith({
  devices,
  children,
}: {
  readonly devices: readonly Device[] | null;
  readonly children: ReactNode;
}) {
  return <OtherTime.Provider value={listAddresses(devices)}>{children}</OtherTime.Provider>;
}

/** Marks an address that its interface does not have at the other time. */
export function DifferenceMark({
  device,
  address,
  children,
}: {
  readonly device: string | null;
  readonly address: string;
  readonly children: ReactNode;
}) {
  const other = useContext(OtherTime);
  if (other?.has(formatAddress(device, address)) !== false) return children;
  return (
    <mark className="differs">
      {children}
      <span className="visually-hidden"> (not so now)</span>
    </mark>
  );
}

/** Lists the addresses that one time has and the other has not, as texts of interface and address. */
export function listMissing(devices: readonly Device[] | null, others: readonly Device[] | null): string[] {
  const known = listAddresses(others);
  return [...(listAddresses(devices) ?? [])].filter((text) => known?.has(text) !== true);
}

function listAddresses(devices: readonly Device[] | null): ReadonlySet<string> | null {
  if (devices === null) return null;
  return new Set(
    devices.flatMap(({ name, ipv4Addresses, ipv6Addresses }) =>
      [...ipv4Addresses, ...ipv6Addresses].map((address) => formatAddress(name, address)),
    ),
  );
}

function formatAddress(device: string | null, address: string): string {
  return `${device ?? "without a name"} ${address}`;
}
