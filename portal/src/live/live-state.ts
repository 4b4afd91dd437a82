/**
 * The state of changes on this page: nothing follows them, they arrive, the connection is lost, or this server sends
 * none.
 */
export type LiveState = "idle" | "opening" | "live" | "lost" | "off";

/**
 * The state of one follower: it has asked for changes, it is up to date, it tries again after a failure, or it has
 * given up.
 */
export type FollowerState = "opening" | "well" | "failing" | "off";

/** Derives the page's state from its connection (`null`: not opened yet) and from its followers. */
export function readLiveState(isOpen: boolean | null, followers: readonly FollowerState[]): LiveState {
  if (followers.length === 0) return "idle";
  if (followers.includes("off")) return "off";
  if (followers.includes("failing") || isOpen === false) return "lost";
  return isOpen === null || followers.includes("opening") ? "opening" : "live";
}
