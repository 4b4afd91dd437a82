import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { readProblem, type Problem } from "../api/problem.js";
import { TopologyPageQuery } from "../api/topology-queries.js";
import type { PlacedVm } from "./build-topology.js";

/** VMs of one page. */
const PAGE = 250;

/** Number of VMs that are read at first. The reader can ask for more. */
const STEP = 5_000;

/** The VMs that have been read so far. */
export interface PlacedVms {
  readonly vms: readonly PlacedVm[];
  readonly isLoading: boolean;
  /** There are more, which are read when `readMore` is called. */
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  readonly readMore: () => void;
  readonly reload: () => void;
}

interface State extends Pick<PlacedVms, "vms" | "isLoading" | "problem"> {
  readonly cursor: string | null;
}

const EMPTY: State = { vms: [], isLoading: true, problem: null, cursor: null };

/** Reads all VMs page by page, one page at a time, up to a bound. */
export function usePlacedVms(): PlacedVms {
  const client = useClient();
  const [state, setState] = useState<State>(EMPTY);
  /** The reading that counts: a newer one, or the end of the view, makes older ones stop. */
  const reading = useRef<object | null>(null);

  const read = useCallback(
    async (from: State) => {
      const mine = {};
      reading.current = mine;
      let { vms, cursor } = from;
      setState({ ...from, isLoading: true, problem: null });
      for (const end = vms.length + STEP; vms.length < end;) {
        const first = Math.min(PAGE, end - vms.length);
        const { data, error } = await client.query(TopologyPageQuery, { first, after: cursor }).toPromise();
        if (reading.current !== mine) return;
        const page = data?.vms ?? null;
        if (page === null) {
          setState({ vms, cursor, isLoading: false, problem: readProblem(error) });
          return;
        }
        vms = [...vms, ...page.nodes];
        cursor = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
        setState({ vms, cursor, isLoading: cursor !== null, problem: readProblem(error) });
        if (cursor === null) return;
      }
      setState({ vms, cursor, isLoading: false, problem: null });
    },
    [client],
  );

  const reload = useCallback(() => void read(EMPTY), [read]);
  useEffect(() => {
    reload();
    return () => {
      reading.current = null;
    };
  }, [reload]);
  const { vms, isLoading, problem, cursor } = state;
  return {
    vms,
    isLoading,
    problem,
    hasMore: !isLoading && cursor !== null,
    reload,
    readMore: () => void read(state),
  };
}
