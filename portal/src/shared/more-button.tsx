import { Button } from "@mantine/core";
import type { Pages } from "./use-pages.js";

/** Shows more of a list, where there is more. */
export function MoreButton({ of, name }: { readonly of: Pages<unknown>; readonly name: string }) {
  if (of.list?.hasMore !== true) return null;
  return (
    <Button mt="sm" variant="light" aria-label={`Show more ${name}`} onClick={of.showMore}>
      Show more
    </Button>
  );
}
