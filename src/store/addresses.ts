/**
 * Converts between a list of addresses and a column of the satellite table, where a comma joins them. An empty list is
 * written as `''`, as an engine does; NULL is read as an empty list, too.
 */
export const ADDRESS_LIST = {
  to(addresses: readonly string[]): string {
    return addresses.join(",");
  },
  from(text: string | null): readonly string[] {
    if (text === null || text === "") return [];
    return text.includes(",") ? text.split(",").filter((address) => address !== "") : [text];
  },
};
