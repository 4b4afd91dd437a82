import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { copyText } from "./copy-text.js";
import { RouteLink } from "../route-link.js";

const SHOWN_MS = 1_500;

/** Shows an address or a MAC, as a link to who had it, with a button that copies it. */
export function Address({ text }: { readonly text: string }) {
  const [isCopied, setIsCopied] = useState(false);
  return (
    <span className="address" data-copy={text}>
      <RouteLink to={{ view: "address", of: text }}>
        <code>{text}</code>
      </RouteLink>
      <button
        type="button"
        className="copy"
        title={isCopied ? "Copied" : "Copy"}
        aria-label={`Copy ${text}`}
        onClick={(event) => {
          event.stopPropagation();
          void copyText(text).then((isDone) => {
            setIsCopied(isDone);
            setTimeout(() => {
              setIsCopied(false);
            }, SHOWN_MS);
          });
        }}
      >
        {isCopied ? <IconCheck size={14} /> : <IconCopy size={14} />}
      </button>
    </span>
  );
}
