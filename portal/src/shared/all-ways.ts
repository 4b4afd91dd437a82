/** The events that show a tooltip: pointing, focusing by keyboard, and touching. */
export const ALL_WAYS = { hover: true, focus: true, touch: true };
