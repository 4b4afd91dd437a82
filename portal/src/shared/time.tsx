import { Tooltip } from "@mantine/core";
import { formatAgo } from "./format-ago.js";
import { useEffect, useState } from "react";

/** A point in time as "3 minutes ago", with the exact time in the reader's zone on hover. */
export function Ago({ at, prefix = "" }: { readonly at: string; readonly prefix?: string }) {
  const now = useNow();
  const exact = formatExact(at);
  return (
    <Tooltip label={exact}>
      <time dateTime={at}>
        {prefix}
        {formatAgo(new Date(at).getTime() - now)}
      </time>
    </Tooltip>
  );
}

/** Formats a point in time in the reader's zone and words. */
export function formatExact(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** The current time, once every ten seconds. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 10_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return now;
}
