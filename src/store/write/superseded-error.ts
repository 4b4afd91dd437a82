/** Another pass wrote first: the claim is void, or what this pass read is no longer so. It is rolled back and tried again. */
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
