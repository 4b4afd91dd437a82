import { useEffect, useMemo, useRef, useState } from "react";
import { HostsQuery } from "../api/queries.js";
import { HOST_STATES } from "../live/subjects.js";
import { useEvents } from "../live/use-events.js";
import { useAnswer, type Answer } from "../shared/use-answer.js";
import { mergeHosts, type Host } from "./merge-hosts.js";

/** The states of all hosts come first, each in an event; they are shown together. */
const GATHER_MS = 150;

/** The hosts as they are now; `null`: not known yet. */
export interface Hosts extends Pick<Answer<unknown>, "problem" | "isLoading" | "reload"> {
  readonly hosts: readonly Host[] | null;
}

/** Reads the hosts, and follows how they are. */
export function useHosts(): Hosts {
  const { data, problem, isLoading, reload } = useAnswer(HostsQuery, {});
  const [told, setTold] = useState<ReadonlyMap<string, Host | null>>(new Map());
  const waiting = useRef(new Map<string, Host | null>());
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );
  useEvents(HOST_STATES, {
    onEvent: ({ hostId, host }) => {
      waiting.current.set(hostId, host);
      timer.current ??= setTimeout(() => {
        timer.current = null;
        const news = [...waiting.current];
        waiting.current.clear();
        setTold((last) => new Map([...last, ...news]));
      }, GATHER_MS);
    },
    onReset: reload,
  });
  const read = data?.hosts ?? null;
  const hosts = useMemo(() => (read === null ? null : mergeHosts(read, told)), [read, told]);
  return { hosts, problem, isLoading, reload };
}
