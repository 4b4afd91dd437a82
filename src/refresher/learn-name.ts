import { HostError } from "../vdsm/errors.js";
import type { RefreshStore } from "../store/types.js";
import type { HostLink } from "./host-link.js";
import { cutText, toStorableText } from "./plan/text.js";

/** Stores the host's own name, which is asked for once until the host fails. Not to learn it is no failure. */
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
    // A host that refuses this question always refuses it. A pass must not wait a whole deadline for a name again.
    // After any other failure the host is asked again at the next pass.
    memory.isNameSettled = error instanceof HostError && (error.kind === "fault" || error.kind === "timeout");
  }
}

/** `vds_static.vds_name` is varchar(255). A name that it cannot hold would fail those of other hosts, stored with it. */
const HOST_NAME_LENGTH = 255;
