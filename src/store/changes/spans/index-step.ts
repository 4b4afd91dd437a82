/** How a step ended: the index is at the end of the log, has more to do, or another gateway does the step. */
export type IndexStep = "current" | "more" | "elsewhere";

/** Any number that no other program uses on this database: "vnca" in ASCII. */
export const INDEX_LOCK = 0x766e6361;
