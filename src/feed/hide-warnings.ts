import { memoizeByObject } from "../model/memoize-by-object.js";
import { hideWarning } from "../store/hidden-warning.js";
import type { HostStateEvent } from "../store/host-state-event.js";
import { describeState } from "./host-states.js";

/** Passes on events of hosts without the warnings, and none of a change of the warning alone. */
export async function* hideWarnings(
  events: AsyncIterable<HostStateEvent>,
): AsyncGenerator<HostStateEvent, void, undefined> {
  for await (const event of events) {
    const shown = hideWarningsOf(event);
    if (shown.kind === "STATE" || describeState(shown.before) !== describeState(shown.after)) yield shown;
  }
}

/** Makes one object of each event, so that subscribers can share its answer. */
const hideWarningsOf = memoizeByObject((event: HostStateEvent): HostStateEvent => {
  const { before, after } = event;
  return { ...event, before: before && hideWarning(before), after: after && hideWarning(after) };
});
