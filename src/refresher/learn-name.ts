import { HostError } from "../vdsm/errors.js";
import type { RefreshStore } from "../store/types.js";
import type { HostLink } from "./host-link.js";
import { cutText, toStorableText } from "./plan/text.js";

/**
 * Asks the host for its own name and stores it. It asks once, and again only after the host failed. An error is ignored,
 * because the name is not essential.
 */
export async function learnHostName(
  { host, vdsm, memory }: HostLink,
  store: RefreshStore,
  signal: AbortSignal,
): Promise<void> {
  if (memory.isNameSettled) return;
  try {
    const { hostname } = await vdsm.getCapabilities(signal);
    const name = cutText(toStorableText(hostname ?? ""), HOST_NAME_LENGTH);
    if (name !== "" && name !== memory.storedName) {
      await store.renameHost(host.id, name);
      memory.storedName = name;
    }
    memory.isNameSettled = true;
  } catch (error) {
    // A host that refuses this question, or does not answer it, is not asked again: no pass should wait a whole deadline
    // for a name. After any other failure the next pass asks again.
    memory.isNameSettled = error instanceof HostError && (error.kind === "fault" || error.kind === "timeout");
  }
}

/**
 * The length of `vds_static.vds_name`, a varchar(255). A longer name would fail the statement, which also stores other
 * hosts' names.
 */
const HOST_NAME_LENGTH = 255;
