import { Button, type ButtonProps } from "@mantine/core";
import { useLayoutEffect, useRef, type ComponentPropsWithoutRef } from "react";

/** A button that disappears when its work is done. If it had the focus, the view's list or title gets it. */
export function LeavingButton(props: ButtonProps & ComponentPropsWithoutRef<"button">) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const own = button.current;
    return () => {
      // Its replacement comes into the document a moment later.
      if (document.activeElement === own) setTimeout(focusView);
    };
  }, []);
  return <Button ref={button} {...props} />;
}

/** Focuses the list or title of the view, unless something else has the focus by now. */
function focusView(): void {
  if (document.activeElement !== document.body) return;
  const list = document.querySelector<HTMLElement>("main [data-home]");
  (list ?? document.querySelector<HTMLElement>("main h1"))?.focus();
}
