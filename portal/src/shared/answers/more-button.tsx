import { Button, type ButtonProps } from "@mantine/core";
import { useEffect, useRef } from "react";

/**
 * A button that shows more of the list before it, if there is more. The first new row gets the focus, so that keyboard
 * users continue where the list ended.
 */
export function MoreButton({
  count,
  hasMore,
  onMore,
  name,
  text = "Show more",
  ...style
}: ButtonProps & {
  /** The number of rows that are shown. */
  readonly count: number;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  /** The name of the rows, for screen readers; absent: the text says it. */
  readonly name?: string;
  readonly text?: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  /** The number of rows when more were asked for; `null`: nobody asked. */
  const before = useRef<number | null>(null);
  useEffect(() => {
    if (before.current === null || count <= before.current) return;
    focusRow(place.current?.previousElementSibling ?? null, before.current);
    before.current = null;
  }, [count]);
  return (
    <div ref={place}>
      {hasMore && (
        <Button
          variant="light"
          {...style}
          aria-label={name === undefined ? undefined : `${text} ${name}`}
          onClick={() => {
            before.current = count;
            onMore();
          }}
        >
          {text}
        </Button>
      )}
    </div>
  );
}

/** Focuses a row of a list or table, counted from 0: its first link or button, or else the row itself. */
function focusRow(list: Element | null, at: number): void {
  const row = list?.querySelectorAll<HTMLElement>(":scope > li, tbody > tr")[at];
  if (row === undefined) return;
  const first = row.querySelector<HTMLElement>("a, button");
  if (first === null) row.tabIndex = -1;
  (first ?? row).focus();
}
