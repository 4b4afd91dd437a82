import type { TreeLists } from "./vm-tree.js";

type Lists = Pick<TreeLists, "interfaces" | "nics">;

/** Creates the lists of a VM, which are parsed from a text; `null`: none were asked for. */
export function createLists(text: string | null, parse: (text: string) => Lists): TreeLists {
  return text === null ? NO_LISTS : new ParsedLists(text, parse);
}

/**
 * The lists of one VM. They are parsed when somebody reads them and dropped by `putAway`. Hundreds of VMs of a page would
 * otherwise keep many objects alive until the last VM is written, which costs more than to parse again. The text is a
 * single object.
 */
class ParsedLists implements TreeLists {
  private parsed: Lists | null = null;

  constructor(
    private readonly text: string,
    private readonly parse: (text: string) => Lists,
  ) {}

  get characters(): number {
    return this.text.length;
  }

  get interfaces(): TreeLists["interfaces"] {
    return (this.parsed ??= this.parse(this.text)).interfaces;
  }

  get nics(): TreeLists["nics"] {
    return (this.parsed ??= this.parse(this.text)).nics;
  }

  putAway(): void {
    this.parsed = null;
  }
}

const NO_LISTS: TreeLists = { interfaces: [], nics: [], characters: 0, putAway: () => undefined };
