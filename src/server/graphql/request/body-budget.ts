import { Ring } from "../../../model/kept/ring.js";
import { createOverloadedError } from "../../admission/places/places.js";
import type { HttpError } from "../../errors.js";

/** The memory that the bodies of requests share. Where it is full, those of whoever holds most of it make room for others. */
export interface BodyBudget {
  /** Opens the account of an owner's body. `giveUp` is called with the refusal if another owner's body gets its room. */
  open(owner: string, giveUp: (error: HttpError) => void): BodyAccount;
}

/** What one body takes of the memory. */
export interface BodyAccount {
  /** Takes so many bytes more. Throws 503 where there is no room, and nobody else holds more than this owner. */
  take(bytes: number): void;
  /** Gives all of it back. Calling it more than once does no harm. */
  close(): void;
}

interface Held {
  readonly owner: string;
  readonly giveUp: (error: HttpError) => void;
  bytes: number;
  readonly close: () => void;
}

/** Creates a budget of so many bytes. */
export function createBodyBudget(most: number): BodyBudget {
  const open = new Ring<Held>();
  let total = 0;

  return {
    open(owner, giveUp) {
      const held: Held = {
        ...{ owner, giveUp, bytes: 0 },
        close: () => {
          if (open.remove(link)) total -= held.bytes;
        },
      };
      const link = open.add(held);
      return {
        close: held.close,
        take(bytes) {
          if (link.isAlone) return;
          held.bytes += bytes;
          total += bytes;
          while (total > most) {
            const left = findLast(open, owner);
            if (left === null) throw createOverloadedError();
            left.close();
            left.giveUp(createOverloadedError());
          }
        },
      };
    },
  };
}

/** Finds the last body of the owner who holds most; `null`: that is this owner, or holds no more. */
function findLast(open: Ring<Held>, owner: string): Held | null {
  const sums = new Map<string, number>([[owner, 0]]);
  for (const each of open) sums.set(each.owner, (sums.get(each.owner) ?? 0) + each.bytes);
  let most = owner;
  for (const [each, sum] of sums) if (sum > (sums.get(most) ?? 0)) most = each;
  return most === owner ? null : ([...open].findLast((each) => each.owner === most) ?? null);
}
