import { Tooltip } from "@mantine/core";
import { ALL_WAYS } from "../shared/all-ways.js";
import { Tag } from "../shared/tag.js";
import type { LiveState } from "./live-state.js";
import { useLiveState } from "./use-events.js";

/** Says whether changes reach this page. */
export function LiveNote() {
  const state = useLiveState();
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

const STATES = {
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
