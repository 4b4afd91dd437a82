import { useCallback, useEffect, useRef, useState } from "react";
import { useClient, type Client } from "urql";
import type { ResultOf } from "../api/graphql.js";
import { readProblem, type Problem } from "../api/problem.js";
import { TopologyPageQuery, TopologyQuery } from "../api/topology-queries.js";
import { PLACES } from "../live/subjects.js";
import { useEventsBehind, type PlacedAnswer } from "../live/use-events-behind.js";
import type { PlacedVm } from "./build-topology.js";
import { placeVms } from "./place-vms.js";

/** VMs of one page. */
const PAGE = 250;

/** Number of VMs that are read at first. The reader can ask for more. */
const STEP = 5_000;

/** The time for which changes are collected and then shown together. */
const GATHER_MS = 500;

/** The VMs that have been read so far, with their present hosts and networks. */
export interface PlacedVms {
  readonly vms: readonly PlacedVm[];
  readonly isLoading: boolean;
  /** `true` if there are more; `readMore` reads them. */
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  readonly readMore: () => void;
  /** Reads all of them again. The old ones stay on the screen until the answer is there. */
  readonly reload: () => void;
}

interface State extends Pick<PlacedVms, "vms" | "problem"> {
  /** The cursor of the next page. */
  readonly cursor: string | null;
  /** The answer with the first page. All changes behind it are followed. */
  readonly start: PlacedAnswer | null;
}

const EMPTY: State = { vms: [], problem: null, cursor: null, start: null };

/** Reads all VMs page by page, up to a bound, and then follows their changes. */
export function usePlacedVms(): PlacedVms {
  const client = useClient();
  const [state, setState] = useState<State>(EMPTY);
  const [isLoading, setIsLoading] = useState(true);
  const latest = useRef(state);
  /** The present reading. A newer one, or the end of the view, stops older ones. */
  const reading = useRef<object | null>(null);
  /** Changes that are not shown yet. A page that is being read may be older than these. */
  const changes = useRef(new Map<string, PlacedVm | null>());
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const show = useCallback((next: State) => {
    latest.current = next;
    setState(next);
  }, []);

  const read = useCallback(
    async (from: State) => {
      const mine = {};
      reading.current = mine;
      // While all is read again, the old VMs stay.
      const isAnew = from.cursor === null && latest.current.vms.length > 0;
      setIsLoading(!isAnew);
      let next: State = { ...from, problem: null };
      for (const end = from.vms.length + STEP; next.vms.length < end;) {
        const first = Math.min(PAGE, end - next.vms.length);
        const { page, start, problem } = await readPage(client, first, next);
        if (reading.current !== mine) return;
        if (page === null) {
          show({ ...(isAnew ? latest.current : next), problem });
          break;
        }
        const cursor = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
        next = { vms: [...next.vms, ...page.nodes], cursor, start, problem };
        if (!isAnew || cursor === null || next.vms.length >= end) show(next);
        if (cursor === null) break;
      }
      reading.current = null;
      setIsLoading(false);
    },
    [client, show],
  );

  const showChanges = useCallback(() => {
    timer.current = null;
    if (reading.current !== null) {
      timer.current = setTimeout(showChanges, GATHER_MS);
      return;
    }
    const { vms, cursor } = latest.current;
    show({ ...latest.current, vms: placeVms(vms, changes.current, { isWhole: cursor === null }) });
    changes.current.clear();
  }, [show]);

  const reload = useCallback(() => void read(EMPTY), [read]);
  useEffect(() => {
    reload();
    return () => {
      reading.current = null;
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    };
  }, [reload]);
  const { vms, problem, cursor, start } = state;
  useEventsBehind({ data: start, problem }, PLACES, {
    onEvent: ({ vmId, after }) => {
      changes.current.set(vmId, after);
      timer.current ??= setTimeout(showChanges, GATHER_MS);
    },
    readAgain: reload,
  });
  return {
    vms,
    isLoading,
    problem,
    // While more are read, the reader can still see that there are more.
    hasMore: cursor !== null && (!isLoading || vms.length >= STEP),
    reload,
    readMore: () => {
      if (reading.current === null) void read(latest.current);
    },
  };
}

/** Reads the first page with its change cursor, or the next page. */
async function readPage(
  client: Client,
  first: number,
  { cursor, start }: State,
): Promise<Pick<State, "start" | "problem"> & { readonly page: Page | null }> {
  if (cursor !== null) {
    const { data, error } = await client.query(TopologyPageQuery, { first, after: cursor }).toPromise();
    return { page: data?.vms ?? null, start, problem: readProblem(error) };
  }
  const { data, error } = await client.query(TopologyQuery, { first }).toPromise();
  return { page: data?.vms ?? null, start: data ?? null, problem: readProblem(error) };
}

type Page = NonNullable<ResultOf<typeof TopologyPageQuery>["vms"]>;
