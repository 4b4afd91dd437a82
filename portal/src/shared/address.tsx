import { ActionIcon, CopyButton } from "@mantine/core";
import { RouteLink } from "./route-link.js";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** An address or a MAC, which leads to who had it, with a button that copies it. */
export function Address({ text }: { readonly text: string }) {
  return (
    <span className="address">
      <RouteLink to={{ view: "address", of: text }}>
        <code>{text}</code>
      </RouteLink>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon
            size="sm"
            variant="subtle"
            title={copied ? "Copied" : "Copy"}
            aria-label={`Copy ${text}`}
            onClick={(event) => {
              event.stopPropagation();
              copy();
            }}
          >
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        )}
      </CopyButton>
    </span>
  );
}
