import { resolve } from "node:path";
import type { TlsFiles } from "../model/connections/tls-files.js";
import { ConfigError } from "../model/config-error.js";
import type { SettingValues } from "./settings.js";

/** Parses the settings of the connection to hosts; `null`: no files are named, so hosts cannot be polled. */
export function parseVdsmTransport(values: SettingValues): TlsFiles | "plain" | null {
  if (values.VDSM_TLS === "off") return "plain";
  const { VDSM_CA_FILE: caFile, VDSM_CERT_FILE: certFile, VDSM_KEY_FILE: keyFile } = values;
  if (caFile !== null && certFile !== null && keyFile !== null) {
    return {
      caFile: resolve(caFile),
      certFile: resolve(certFile),
      keyFile: resolve(keyFile),
      serverName: values.VDSM_SERVER_NAME,
      ...(values.VDSM_KEY_PASSPHRASE === null ? {} : { passphrase: values.VDSM_KEY_PASSPHRASE }),
    };
  }
  const missing = (["VDSM_CA_FILE", "VDSM_CERT_FILE", "VDSM_KEY_FILE"] as const).filter(
    (name) => values[name] === null,
  );
  // Without hosts and without files there is nothing to poll. If only some files are named, that is a mistake in any
  // case.
  if (values.VDSM_HOSTS === null && missing.length === 3) return null;
  throw new ConfigError(
    `${missing.join(", ")} must name a PEM file${missing.length > 1 ? " each" : ""}, because hosts ask for a client certificate; set what is missing, or VDSM_TLS=off for hosts without TLS`,
  );
}
