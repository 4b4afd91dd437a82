import { Title } from "@mantine/core";
import { useEffect, useRef, type ReactNode } from "react";
import { takeArrival } from "../navigation.js";

/**
 * The title of a view, also of the browser's tab. It gets the focus when its view takes the place of another one, as the top of a
 * page does that is loaded: screen readers read it out, and Tab goes on behind it.
 */
export function ViewTitle({
  id,
  text,
  isHidden = false,
  children = text,
}: {
  readonly id: string;
  readonly text: string;
  /** Only screen readers have it. */
  readonly isHidden?: boolean;
  readonly children?: ReactNode;
}) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${text} · vnic-graph`;
    const main = title.current?.closest("main") ?? null;
    // Somebody who types already goes on.
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
