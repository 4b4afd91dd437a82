/** Whether changes reach this page: nobody asked for them, they do, the connection is lost, or this server tells none. */
export type LiveState = "idle" | "live" | "lost" | "off";

/** How one follower does: changes reach it, it tries again after a failure, or it has given up. */
export type FollowerState = "well" | "failing" | "off";

/** Reads the page's state from its connection (`null`: not opened yet) and from how its followers do. */
export function readLiveState(isOpen: boolean | null, followers: readonly FollowerState[]): LiveState {
  if (followers.length === 0) return "idle";
  if (followers.includes("off")) return "off";
  if (followers.includes("failing") || isOpen === false) return "lost";
  return isOpen === null ? "idle" : "live";
}
