import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { ALL_WAYS } from "../shared/all-ways.js";
import { Tag } from "../shared/values/tag.js";
import type { LiveState } from "./live-state.js";
import { useLiveState } from "./use-events.js";

/** Shows whether changes reach this page. */
export function LiveNote() {
  const state = useSteadyState();
  if (state === "idle") return null;
  const { tone, word, meaning } = STATES[state];
  return (
    <Tooltip label={meaning} multiline maw={280} events={ALL_WAYS}>
      <span role="status" tabIndex={0} className="live" aria-label={`${word}: ${meaning}`}>
        <Tag tone={tone}>{word}</Tag>
      </span>
    </Tooltip>
  );
}

/** The page's state. While another view asks for its changes, which takes a moment, what was said last stays. */
function useSteadyState(): LiveState {
  const state = useLiveState();
  const [said, setSaid] = useState<LiveState | null>(null);
  const isPassing = state === "idle" || state === "opening";
  if (!isPassing && said !== state) setSaid(state);
  useEffect(() => {
    if (!isPassing) return undefined;
    const timer = setTimeout(() => {
      setSaid(null);
    }, MOMENT_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [isPassing]);
  return isPassing ? (said ?? state) : state;
}

/** A word that comes and goes sooner than this would only blink. */
const MOMENT_MS = 400;

const STATES = {
  opening: {
    tone: "calm",
    word: "connecting",
    meaning: "The page is asking the server to tell what changes from now on.",
  },
  live: { tone: "good", word: "live", meaning: "Changes are shown as soon as a host reports them." },
  lost: {
    tone: "warn",
    word: "connection lost",
    meaning: "The page shows what it was told last. It connects again by itself, and misses nothing.",
  },
  off: {
    tone: "calm",
    word: "not live",
    meaning: "This server tells no changes, or not to you. Load the page again to see what is new.",
  },
} as const satisfies Readonly<Record<Exclude<LiveState, "idle">, object>>;
