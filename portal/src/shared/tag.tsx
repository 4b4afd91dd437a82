import type { ReactNode } from "react";

/** How a state is meant: as it should be, worth a look, wrong, or neither. */
export type Tone = "good" | "busy" | "warn" | "bad" | "calm";

/** A state in one word, with a colour that only repeats what the word says. */
export function Tag({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      {children}
    </span>
  );
}
