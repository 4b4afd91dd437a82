import { Skeleton } from "@mantine/core";

/** Fills the space of data that are being read. Screen readers announce it. */
export function Loading({ height }: { readonly height: number }) {
  return <Skeleton height={height} role="progressbar" aria-label="Loading" />;
}
