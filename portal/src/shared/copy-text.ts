import { useSyncExternalStore } from "react";

/** What was to be copied last, and how often that was, so that the same text is told again. */
interface Copied {
  readonly text: string;
  readonly isCopied: boolean;
  readonly count: number;
}

let copied: Copied | null = null;
const listeners = new Set<() => void>();

/**
 * Copies a text, and reports to those who follow it; returns whether that worked. Where the browser gives no clipboard, over plain
 * http, or refuses it, the older way is taken.
 */
export async function copyText(text: string): Promise<boolean> {
  const isCopied = (await writeToClipboard(text)) || copyBySelection(text);
  copied = { text, isCopied, count: (copied?.count ?? 0) + 1 };
  for (const listener of listeners) listener();
  return isCopied;
}

async function writeToClipboard(text: string): Promise<boolean> {
  // Browsers leave `clipboard` out of pages that came over plain http.
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  try {
    await clipboard?.writeText(text);
    return clipboard !== undefined;
  } catch {
    return false;
  }
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

function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  // Without a secure context there is no other way, and all browsers know it.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const isCopied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return isCopied;
}
