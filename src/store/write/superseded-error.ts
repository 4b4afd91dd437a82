/** The pass lost its right to write, or its view of the store is no longer true: roll back, the next pass sees anew. */
export class SupersededError extends Error {
  override readonly name = "SupersededError";

  constructor() {
    super("another pass wrote first");
  }
}

/** Throws {@link SupersededError} unless a statement touched exactly the rows that it was given. */
export function expectAll(affected: number, given: number): void {
  if (affected !== given) throw new SupersededError();
}
