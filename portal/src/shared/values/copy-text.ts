import { useSyncExternalStore } from "react";

/** What was copied last. `count` rises with each copy, so that the same text is announced again. */
interface Copied {
  readonly text: string;
  readonly isCopied: boolean;
  readonly count: number;
}

let copied: Copied | null = null;
const listeners = new Set<() => void>();

/**
 * Copies a text, and informs the listeners. Returns whether it worked. If the browser offers no clipboard (as over
 * plain http), or refuses it, the older way is used.
 */
export async function copyText(text: string): Promise<boolean> {
  const isCopied = (await writeToClipboard(text)) || copyBySelection(text);
  copied = { text, isCopied, count: (copied?.count ?? 0) + 1 };
  for (const listener of listeners) listener();
  return isCopied;
}

async function writeToClipboard(text: string): Promise<boolean> {
  // Browsers do not offer `clipboard` to pages that came over plain http.
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  try {
    await clipboard?.writeText(text);
    return clipboard !== undefined;
  } catch {
    return false;
  }
}

/** Copies the address beside the element with the focus, or else the first address of the view. */
export function copyNearestAddress(): void {
  const nearest =
    document.activeElement?.closest("[data-copy]") ?? document.querySelector("main [data-copy]");
  const text = nearest?.getAttribute("data-copy") ?? "";
  // A VM without an address has an empty text here, so that no other VM's address is copied.
  if (text !== "") void copyText(text);
}

/** Returns what was copied last, and follows its changes. */
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
