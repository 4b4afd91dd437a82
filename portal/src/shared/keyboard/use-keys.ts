import { useEffect } from "react";
import type { Key } from "./keys.js";

/** Runs an action for a key, unless a field has the focus, another key is held with it, or a dialog is open. */
export function useKeys(actions: Readonly<Partial<Record<Key, () => void>>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target } = event;
      const isTyping =
        target instanceof HTMLElement &&
        target.closest("input, textarea, select, [contenteditable]") !== null;
      const isInDialog = document.querySelector('[aria-modal="true"]') !== null;
      if (isTyping || isInDialog || event.ctrlKey || event.metaKey || event.altKey) return;
      const action = Object.hasOwn(actions, event.key) ? actions[event.key as Key] : undefined;
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
    };
  });
}
