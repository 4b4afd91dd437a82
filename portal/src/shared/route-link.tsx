import type { ReactNode } from "react";
import { navigate } from "../navigation.js";
import { formatRoute, type Route } from "../route.js";

/** A link to another view, which opens without loading the page again. */
export function RouteLink({ to, children }: { readonly to: Route; readonly children: ReactNode }) {
  return (
    <a
      href={formatRoute(to)}
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
