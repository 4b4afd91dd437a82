/**
 * Returns the function that formats an object and keeps the text with it, so that each object is formatted once. The text must
 * not change while the object lives.
 */
export function keepText<Key extends object>(format: (key: Key) => string): (key: Key) => string {
  const texts = new WeakMap<Key, string>();
  return (key) => {
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = format(key);
    texts.set(key, text);
    return text;
  };
}
