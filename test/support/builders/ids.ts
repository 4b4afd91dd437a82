/** The VM that most builders make. */
export const VM = "11111111-1111-4111-8111-111111111111";

/** Another VM. */
export const VM2 = "22222222-2222-4222-8222-222222222222";

/** Hosts, in the order of their ids. */
export const HOST_A = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";

export const HOST_B = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";

export const HOST_C = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";

/** An id that reads well: `id(7)` ends in 7. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** A UUID that is easy to recognise. */
export function uuid(kind: number, number: number): string {
  return `${kind.toString(16).padStart(8, "0")}-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;
}

/** The MAC with this number. */
export function mac(number: number): string {
  return (0x56_6f_00_00_00_00 + number).toString(16).match(/../g)!.join(":");
}
