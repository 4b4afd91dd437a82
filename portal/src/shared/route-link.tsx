import type { MouseEvent, ReactNode } from "react";
import { navigate } from "../navigation.js";
import { formatRoute, type Route } from "../route.js";

/** A link to another view. The view opens without loading the page again. */
export function RouteLink({
  to,
  isCurrent = false,
  children,
}: {
  readonly to: Route;
  /** `true` if the link leads to the present view. */
  readonly isCurrent?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <a
      href={formatRoute(to)}
      {...(isCurrent && { "aria-current": "page" as const })}
      onClick={(event) => {
        // A row around the link does nothing of its own then.
        event.stopPropagation();
        if (isForBrowser(event)) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}

/** Tells whether a click is for the browser itself, such as to open a new tab. */
export function isForBrowser({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || altKey;
}
