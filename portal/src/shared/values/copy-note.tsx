import { useEffect, useState } from "react";
import { useCopied } from "./copy-text.js";

const SHOWN_MS = 4_000;

/** Shows for some seconds what was copied. */
export function CopyNote() {
  const copied = useCopied();
  const [hidden, setHidden] = useState(0);
  const count = copied?.count ?? 0;
  useEffect(() => {
    const timer = setTimeout(() => {
      setHidden(count);
    }, SHOWN_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [count]);
  return (
    <div role="status" aria-label="Clipboard" className="copy-note">
      {copied !== null &&
        count > hidden &&
        (copied.isCopied ? `Copied ${copied.text}` : `The browser does not let ${copied.text} be copied.`)}
    </div>
  );
}
