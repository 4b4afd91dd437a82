/** The text is not a filter of VMs. The message says what is wrong with it. */
export class FilterTextError extends Error {
  override readonly name = "FilterTextError";
}
