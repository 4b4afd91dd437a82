/** Every key that the pages handle, with what it does, in the order of the list at `?`. */
const HANDLED = [
  { keys: ["/"], meaning: "go to the search box" },
  { keys: ["g"], meaning: "show the VMs" },
  { keys: ["h"], meaning: "show the hosts" },
  { keys: ["t"], meaning: "show which VMs can meet" },
  { keys: ["d"], meaning: "show what does not fit" },
  { keys: ["c"], meaning: "show the conflicts" },
  { keys: ["j", "k"], meaning: "go to the next VM of the list, or to the one before" },
  {
    keys: ["y"],
    meaning: "copy the address beside the focus, else the first one: of a VM, its primary address",
  },
  { keys: ["?"], meaning: "show this list" },
] as const;

/** Keys that browsers handle by themselves. */
const OF_BROWSERS = [
  { keys: ["Tab", "Enter"], meaning: "move between links, open one" },
  { keys: ["Esc"], meaning: "close this list" },
] as const;

/** A key that the pages handle. A handler of another one does not compile. */
export type Key = (typeof HANDLED)[number]["keys"][number];

/** What is listed at `?`. */
export const KEYS: readonly { readonly keys: readonly string[]; readonly meaning: string }[] = [
  ...HANDLED,
  ...OF_BROWSERS,
];
