import { Button, type ButtonProps } from "@mantine/core";
import { useLayoutEffect, useRef, type ComponentPropsWithoutRef } from "react";

/** A button that is gone once it has done its work. If it has the focus then, the view's list or title gets it. */
export function LeavingButton(props: ButtonProps & ComponentPropsWithoutRef<"button">) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    const own = button.current;
    return () => {
      // What takes its place comes into the document a moment later.
      if (document.activeElement === own) setTimeout(focusView);
    };
  }, []);
  return <Button ref={button} {...props} />;
}

/** Gives the focus to what is worked on in the view, unless something else has it by now. */
function focusView(): void {
  if (document.activeElement !== document.body) return;
  const list = document.querySelector<HTMLElement>("main [data-home]");
  (list ?? document.querySelector<HTMLElement>("main h1"))?.focus();
}
