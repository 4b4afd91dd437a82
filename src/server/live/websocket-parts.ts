import type { Limits } from "../../model/limits.js";
import type { ServerOptions } from "../options.js";
import type { LiveConnections } from "./connections.js";
import type { PrepareLive } from "./operations.js";

/** What WebSockets are served with. */
export interface WebSocketParts {
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly prepare: PrepareLive;
  readonly live: LiveConnections;
  readonly isDraining: () => boolean;
}
