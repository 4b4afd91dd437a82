export { LostCursorError, SlowReaderError } from "../store/changes/log-errors.js";
export { MalformedCursorError } from "../store/changes/cursor.js";
export type { FollowQuestion, GuestEvent, GuestInterest } from "../store/changes/live/guest-event.js";
