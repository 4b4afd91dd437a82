import { useEffect, useState, type ReactNode } from "react";

/** The time for which a changed value is highlighted. */
const SHOWN_MS = 6_000;

/** Shows a value, highlighted for some seconds after it has changed. */
export function Gentle({ value, children }: { readonly value: string; readonly children: ReactNode }) {
  const [last, setLast] = useState({ value, isNew: false });
  if (last.value !== value) setLast({ value, isNew: true });
  useEffect(() => {
    if (!last.isNew) return undefined;
    const timer = setTimeout(() => {
      setLast({ value: last.value, isNew: false });
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [last]);
  return (
    <span className="gentle" data-changed={last.isNew ? "" : undefined}>
      {children}
    </span>
  );
}
