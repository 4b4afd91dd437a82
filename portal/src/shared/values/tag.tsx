import type { ReactNode } from "react";

/** How good a state is: as it should be, in progress, worth a look, wrong, or neutral. */
export type Tone = "good" | "busy" | "warn" | "bad" | "calm";

/** Shows a state in one word, in a colour that only repeats the word's meaning. */
export function Tag({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span className="tag" data-tone={tone}>
      {children}
    </span>
  );
}
