/**
 * Whether changes reach this page: nobody asked for them, it is not known yet, they do, the connection is lost, or this server
 * tells none.
 */
export type LiveState = "idle" | "opening" | "live" | "lost" | "off";

/**
 * How one follower does: it has asked for changes, was told all that there is, tries again after a failure, or has given up.
 */
export type FollowerState = "opening" | "well" | "failing" | "off";

/** Reads the page's state from its connection (`null`: not opened yet) and from how its followers do. */
export function readLiveState(isOpen: boolean | null, followers: readonly FollowerState[]): LiveState {
  if (followers.length === 0) return "idle";
  if (followers.includes("off")) return "off";
  if (followers.includes("failing") || isOpen === false) return "lost";
  return isOpen === null || followers.includes("opening") ? "opening" : "live";
}
