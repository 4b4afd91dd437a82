import { useSyncExternalStore } from "react";

const paper = matchMedia("print");
/** Is `true` from the browser's announcement on, since it prints before the media query tells it. */
let isAnnounced = false;

/** Tells whether the page is being printed. */
export function useIsPrinted(): boolean {
  return useSyncExternalStore(subscribe, () => isAnnounced || paper.matches);
}

function subscribe(listener: () => void): () => void {
  const onPrint = ({ type }: Event): void => {
    if (type !== "change") isAnnounced = type === "beforeprint";
    listener();
  };
  paper.addEventListener("change", onPrint);
  addEventListener("beforeprint", onPrint);
  addEventListener("afterprint", onPrint);
  return () => {
    paper.removeEventListener("change", onPrint);
    removeEventListener("beforeprint", onPrint);
    removeEventListener("afterprint", onPrint);
  };
}
