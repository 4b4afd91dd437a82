import type { ReactNode } from "react";
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
        // The browser opens new tabs itself.
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
