/**
 * Returns `true` if the text is an IPv6 address that already is in the form of RFC 5952, as nearly all stored ones are. It looks
 * at each character once. `false` says nothing: addresses with a group of zero beside `::`, and with embedded IPv4, are not looked into.
 */
export function isPlainIPv6(text: string): boolean {
  if (text.startsWith("::ffff:")) return false;
  let [groups, digits, hasGap] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== COLON) {
      // A group that begins with 0 is zero, or has digits too many.
      if (!isDigit(code) || (digits === 0 && code === ZERO) || digits === 4) return false;
      if (digits === 0) groups += 1;
      digits += 1;
    } else if (digits > 0) digits = 0;
    else if (at === 0) {
      if (text.charCodeAt(1) !== COLON) return false;
    } else {
      if (hasGap) return false;
      hasGap = true;
    }
  }
  if (digits === 0 && !text.endsWith("::")) return false;
  // One group of zero alone is written as 0.
  return hasGap ? groups <= 6 : groups === 8;
}

/** Returns `true` for the code of a hexadecimal digit in lower case. */
function isDigit(code: number): boolean {
  return (code >= ZERO && code <= NINE) || (code >= A && code <= F);
}

const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;
const A = 0x61;
const F = 0x66;
