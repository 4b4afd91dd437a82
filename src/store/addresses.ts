/** Addresses in a column of the satellite: joined by `,`. None is `''`, as an engine writes it; NULL is none, too. */
export const ADDRESS_LIST = {
  to(addresses: readonly string[]): string {
    return addresses.join(",");
  },
  from(text: string | null): readonly string[] {
    if (text === null || text === "") return [];
    return text.includes(",") ? text.split(",").filter((address) => address !== "") : [text];
  },
};
