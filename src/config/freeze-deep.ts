/** Freezes an object and all that it contains, except regular expressions. Returns it. */
export function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null && !(value instanceof RegExp)) {
    Object.values(value).forEach(freezeDeep);
    Object.freeze(value);
  }
  return value;
}
