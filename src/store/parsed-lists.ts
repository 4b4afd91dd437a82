import { NO_LISTS, type TreeLists } from "./vm-tree.js";

type Lists = Pick<TreeLists, "interfaces" | "nics">;

/** Parses the text of a VM's lists. */
export type ParseLists = (text: string, vmId: string) => Lists;

/** Creates the lists of a VM, which are parsed from a text; `null`: none were asked for. */
export function createLists(text: string | null, vmId: string, parse: ParseLists): TreeLists {
  return text === null ? NO_LISTS : new ParsedLists(text, vmId, parse);
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
    private readonly vmId: string,
    private readonly parse: ParseLists,
  ) {}

  get characters(): number {
    return this.text.length;
  }

  get interfaces(): TreeLists["interfaces"] {
    return (this.parsed ??= this.parse(this.text, this.vmId)).interfaces;
  }

  get nics(): TreeLists["nics"] {
    return (this.parsed ??= this.parse(this.text, this.vmId)).nics;
  }

  putAway(): void {
    this.parsed = null;
  }
}
