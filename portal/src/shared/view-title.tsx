import { Title } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import { takeArrival } from "../navigation.js";

/**
 * The title of a view, and of the browser's tab. It gets the focus when its view replaces another one, as the top of a
 * newly loaded page does: screen readers read it aloud, and Tab continues behind it.
 */
export function ViewTitle({
  id,
  text,
  isHidden = false,
  children = text,
}: {
  readonly id: string;
  readonly text: string;
  /** `true` if only screen readers get it. */
  readonly isHidden?: boolean;
  readonly children?: ReactNode;
}) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${text} · vnic-graph`;
    const main = title.current?.closest("main") ?? null;
    // If somebody is typing, the focus stays there.
    const isTyping = document.activeElement?.closest("input, textarea, select") != null;
    if (!takeArrival() || main === null || isTyping) return;
    main.scrollTop = 0;
    title.current?.focus({ preventScroll: true });
  }, [text]);
  return (
    <Title
      ref={title}
      order={1}
      size="h2"
      id={id}
      tabIndex={-1}
      className={isHidden ? "visually-hidden" : "view-title"}
    >
      {children}
    </Title>
  );
}
