/** A text is no filter of VMs; the message names what is wrong with it. */
export class FilterTextError extends Error {
  override readonly name = "FilterTextError";
}
