import { GUEST_KINDS, pickKind } from "./guest.js";
import type { World } from "./world.js";

/** The number of pinned VMs. They are the first ones, always Up, and on the hosts that the documentation names. */
const PINNED = 10;

/** Fills a world with VMs on all its hosts. `web-01` is always the first, whatever the seed. */
export function populate(world: World, count: number): void {
  for (let position = 0; position < count; position += 1) {
    const kind = pickKind(position, world.random);
    const { stem, make } = GUEST_KINDS[kind];
    const name = `${stem}-${String(position + 1).padStart(2, "0")}`;
    const host = world.hosts[position % world.hosts.length];
    if (host === undefined) throw new Error("a cluster needs a host");
    world.addVm({
      ...make(name, world.plan, world.random),
      name,
      kind,
      host: host.name,
      pinned: position < PINNED,
    });
  }
}
