/** Addresses of a column of the satellite; NULL and `''` are both none. */
export function splitAddresses(text: string | null): string[] {
  return text === null ? [] : text.split(",").filter((address) => address !== "");
}

/** Addresses as the satellite keeps them; none is `''`, as an engine writes it. */
export function joinAddresses(addresses: readonly string[]): string {
  return addresses.join(",");
}
