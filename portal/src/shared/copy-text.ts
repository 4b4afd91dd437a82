import { useSyncExternalStore } from "react";

/** What was copied last, and how often that was, so that the same text is told again. */
interface Copied {
  readonly text: string;
  readonly count: number;
}

let copied: Copied | null = null;
const listeners = new Set<() => void>();

/** Copies a text, and tells those who follow it. Plain http has no clipboard of its own; there the older way is taken. */
export async function copyText(text: string): Promise<void> {
  // Browsers leave `clipboard` out of pages that came over plain http.
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  if (clipboard === undefined) copyBySelection(text);
  else await clipboard.writeText(text);
  copied = { text, count: (copied?.count ?? 0) + 1 };
  for (const listener of listeners) listener();
}

/** Copies the address that goes with what has the focus, else the first one of the view. */
export function copyNearestAddress(): void {
  const nearest =
    document.activeElement?.closest("[data-copy]") ?? document.querySelector("main [data-copy]");
  const text = nearest?.getAttribute("data-copy") ?? "";
  // A VM without an address has an empty one, so that no other VM's is copied instead.
  if (text !== "") void copyText(text);
}

/** What was copied last, followed as that changes. */
export function useCopied(): Copied | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => copied,
  );
}

function copyBySelection(text: string): void {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  // Without a secure context there is no other way, and all browsers know it.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
}
