import { Button, type ButtonProps } from "@mantine/core";
import { useEffect, useRef } from "react";

/**
 * Shows more of the list before it, where there is more. What has come gets the focus, so that whoever reads by keyboard goes on
 * where the list ended.
 */
export function MoreButton({
  count,
  hasMore,
  onMore,
  name,
  text = "Show more",
  ...style
}: ButtonProps & {
  /** How many rows are shown. */
  readonly count: number;
  readonly hasMore: boolean;
  readonly onMore: () => void;
  /** What it is more of, for screen readers; left out: the text says it. */
  readonly name?: string;
  readonly text?: string;
}) {
  const place = useRef<HTMLDivElement>(null);
  /** How many rows there were when more were asked for; `null`: nobody asked. */
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

/** Gives the focus to a row of a list or table, counted from 0: to its first link or button, or else to itself. */
function focusRow(list: Element | null, at: number): void {
  const row = list?.querySelectorAll<HTMLElement>(":scope > li, tbody > tr")[at];
  if (row === undefined) return;
  const first = row.querySelector<HTMLElement>("a, button");
  if (first === null) row.tabIndex = -1;
  (first ?? row).focus();
}
