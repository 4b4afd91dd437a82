import { useEffect, useMemo, useState } from "react";
import { HostsQuery } from "../api/queries.js";
import { HOST_STATES } from "../live/subjects.js";
import { useEvents } from "../live/use-events.js";
import { useAnswer, type Answer } from "../shared/answers/use-answer.js";
import { mergeHosts, type Host } from "./merge-hosts.js";
import { createHostNews, type ToldHosts } from "./told-hosts.js";

/** The hosts as they are now; `null`: not known yet. */
export interface Hosts extends Pick<Answer<unknown>, "problem" | "isLoading" | "reload"> {
  readonly hosts: readonly Host[] | null;
}

/** Reads the hosts, and follows their states. */
export function useHosts(): Hosts {
  const { data, problem, isLoading, reload } = useAnswer(HostsQuery, {});
  const [told, setTold] = useState<ToldHosts>(new Map());
  const news = useMemo(() => createHostNews(setTold), []);
  useEffect(() => news.stop, [news]);
  useEvents(HOST_STATES, {
    onEvent: ({ hostId, host }) => {
      news.tell(hostId, host);
    },
    onReset: () => {
      news.reset();
      reload();
    },
  });
  const read = data?.hosts ?? null;
  const hosts = useMemo(() => (read === null ? null : mergeHosts(read, told)), [read, told]);
  return { hosts, problem, isLoading, reload };
}
