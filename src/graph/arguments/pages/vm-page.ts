import type { Loaders } from "../../../loaders/loaders.js";
import type { VmFilter, VmOrder, VmPageRequest, VmRow } from "../../../loaders/rows.js";
import { createGraphError } from "../../errors.js";
import { parsePageSize, DEFAULT_PAGE } from "../arguments.js";
import { parseCursor } from "./cursor.js";

/** What a client asked of a list of VMs. */
export interface VmPageArguments {
  readonly first: number | null;
  readonly after: string | null;
  readonly last: number | null;
  readonly before: string | null;
  readonly filter: VmFilter;
  readonly order: VmOrder;
}

/** A page that was read. The fields of a connection are made from it. */
export interface VmPage<Row = VmRow> {
  readonly rows: readonly Row[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly filter: VmFilter;
  readonly order: VmOrder;
}

/** Reads a page, and one row more to know whether the list continues. */
export async function loadVmPage(loaders: Loaders, asked: VmPageArguments): Promise<VmPage> {
  const { question, toPage } = planVmPage(asked);
  return toPage(await loaders.loadVmsPage(question));
}

/** The question to the store for a page, and the function that makes the page from the rows. */
export interface VmPagePlan {
  readonly question: VmPageRequest;
  readonly toPage: <Row>(rows: readonly Row[]) => VmPage<Row>;
}

/** Plans the reading of a page. It asks for one row more, which shows whether the list continues. */
export function planVmPage(asked: VmPageArguments): VmPagePlan {
  const { filter, order, first, last } = asked;
  if (first !== null && last !== null) {
    throw createGraphError("BAD_USER_INPUT", "last: given beside first; give one of them");
  }
  const size = last === null ? parsePageSize(first, DEFAULT_PAGE) : parsePageSize(last, DEFAULT_PAGE, "last");
  const after = asked.after === null ? null : parseCursor(asked.after, order);
  const before = asked.before === null ? null : parseCursor(asked.before, order, "before");
  const question: VmPageRequest = {
    limit: size + 1,
    after,
    ...(before !== null && { before }),
    ...(last !== null && { fromEnd: true }),
    filter,
    order,
  };
  return {
    question,
    toPage: (rows) => {
      const isLonger = rows.length > size;
      return last === null
        ? {
            rows: rows.slice(0, size),
            hasNextPage: isLonger || before !== null,
            hasPreviousPage: after !== null,
            filter,
            order,
          }
        : {
            rows: isLonger ? rows.slice(1) : rows,
            hasNextPage: before !== null,
            hasPreviousPage: isLonger || after !== null,
            filter,
            order,
          };
    },
  };
}
