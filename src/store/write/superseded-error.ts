/**
 * Another pass wrote first: the claim is invalid, or what this pass read has changed. It is rolled back and tried again.
 */
export class SupersededError extends Error {
  override readonly name = "SupersededError";

  constructor() {
    super("another pass wrote first");
  }
}

/** Throws {@link SupersededError} unless a statement affected as many rows as it was given. */
export function expectAll(affected: number, given: number): void {
  if (affected !== given) throw new SupersededError();
}
