/** Formats a number in the language of the page's sentences, whatever the reader's is. */
export function formatNumber(number: number): string {
  return number.toLocaleString("en");
}
