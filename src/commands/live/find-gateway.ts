import type { Config, Environment } from "../../config.js";
import { createDatabaseGateway } from "./database-gateway.js";
import { readGatewayAccess } from "./gateway-access.js";
import { createHttpGateway } from "./http-gateway.js";
import type { LiveGateway } from "./live-gateway.js";

/** Finds where changes come from: the gateway that flags or variables name, else the database that settings name. */
export function findLiveGateway(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Environment,
  readConfig: () => Config,
): LiveGateway {
  const access = readGatewayAccess(flags, environment);
  return access === null ? createDatabaseGateway(readConfig()) : createHttpGateway(access);
}
