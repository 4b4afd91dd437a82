import { ConfigError, type Config } from "../config.js";

/** Refuses a command that needs our own database if the settings name an engine's, which is only read. */
export function refuseEngine({ source }: Config): void {
  if (source !== "engine") return;
  throw new ConfigError(
    "SOURCE is engine, whose database is only read and which polls no hosts; set SOURCE to hosts, or leave it out",
  );
}
