import { Skeleton } from "@mantine/core";

/** Takes the room of what is being read. Screen readers say that it loads. */
export function Loading({ height }: { readonly height: number }) {
  return <Skeleton height={height} role="progressbar" aria-label="Loading" />;
}
