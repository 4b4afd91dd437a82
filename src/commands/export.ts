import { once } from "node:events";
import type { Writable } from "node:stream";
import { ConfigError, type Config } from "../config.js";
import { createEngineDataSource } from "../engine-store/engine-data-source.js";
import { createEngineStore } from "../engine-store/engine-store.js";
import { ExportRequestError, parseExportRequest, type ExportRequest } from "../exports/export-request.js";
import { writeExport } from "../exports/write-export.js";
import { createFilterTextReader } from "../graph/arguments/filters/read-filter-text.js";
import { buildTypeGraph } from "../graph/schema.js";
import { openGatewayDatabase } from "./gateway-database.js";
import { createLoaders } from "../loaders/loaders.js";
import { createStore } from "../store/store.js";
import type { ReadStore } from "../store/types.js";
import { createProgress, type Screen } from "./progress.js";

/** Parses the flags of an export, as {@link parseExportRequest} does. */
export function readExportTask(flags: Readonly<Record<string, unknown>>): ExportRequest {
  const {
    format,
    name,
    vmHost: host,
    network,
    family,
    within,
    mac,
    status,
    filter,
    targetPort: port,
  } = flags;
  const given = Object.entries({ name, host, network, family, within, mac, status, filter, port });
  try {
    return parseExportRequest(
      String(format),
      Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      createFilterTextReader(buildTypeGraph),
    );
  } catch (error) {
    if (!(error instanceof ExportRequestError)) throw error;
    throw new ConfigError(`export: --${FLAGS.get(error.parameter) ?? error.parameter}: ${error.reason}`);
  }
}

/** The flags that are not called as the parameters of an export are, by these. */
const FLAGS: ReadonlyMap<string, string> = new Map([
  ["host", "vm-host"],
  ["port", "target-port"],
]);

/**
 * Writes the VMs in a format to the output, as fast as the output takes them. Shows the progress on the screen, unless the output is a
 * terminal: there a bar would stand in its lines.
 */
export async function runExport(
  request: ExportRequest,
  config: Config,
  output: Writable & Pick<Screen, "isTTY">,
  screen: Screen,
): Promise<void> {
  const { reads, close } = await openReads(config);
  const showsBar = screen.isTTY === true && output.isTTY !== true;
  const progress = createProgress(screen, showsBar ? await reads.countVms(request.filter) : 0, "VMs");
  try {
    const pieces = writeExport(
      (job) => job(createLoaders(reads)),
      request,
      (count) => {
        progress.advance(count);
      },
    );
    for await (const piece of pieces) if (!output.write(piece)) await once(output, "drain");
  } finally {
    progress.end();
    await close();
  }
}

async function openReads(config: Config): Promise<{ reads: ReadStore; close: () => Promise<void> }> {
  if (config.source === "engine" && config.databaseUrl !== null) {
    const dataSource = await createEngineDataSource(config.databaseUrl, { poolSize: 1 }).initialize();
    return { reads: createEngineStore(dataSource), close: () => dataSource.destroy() };
  }
  const { dataSource, close } = await openGatewayDatabase(config, "whose VMs are exported");
  return { reads: createStore(dataSource), close };
}
