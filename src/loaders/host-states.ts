export type { HostStateEvent } from "../store/host-state-event.js";
