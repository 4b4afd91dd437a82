/** A tooltip is shown to whoever points, tabs or taps. */
export const ALL_WAYS = { hover: true, focus: true, touch: true };
