import type { ReactNode } from "react";
import { navigate } from "../navigation.js";
import { formatRoute, type Route } from "../route.js";

/** A link to another view, which opens without loading the page again. */
export function RouteLink({
  to,
  isCurrent = false,
  children,
}: {
  readonly to: Route;
  /** It leads to what is shown. */
  readonly isCurrent?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <a
      href={formatRoute(to)}
      {...(isCurrent && { "aria-current": "page" as const })}
      onClick={(event) => {
        // A new tab is the browser's to open.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        event.stopPropagation();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
