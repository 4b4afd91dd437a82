/** Shows the progress of a list of things. If the output is no terminal, it shows nothing. */
export interface Progress {
  advance(count?: number): void;
  /** Removes the bar, so that the next output begins on an empty line. */
  end(): void;
}

/** The part of a terminal that a bar needs. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Creates a bar on one line of a terminal, such as `[######    ] 6/10 hosts`. */
export function createProgress(screen: Screen, total: number, things: string): Progress {
  if (screen.isTTY !== true || total === 0) return { advance: () => undefined, end: () => undefined };
  let done = 0;
  const draw = () => {
    const label = ` ${done}/${total} ${things}`;
    const width = Math.max(10, Math.min(50, (screen.columns ?? 80) - label.length - 3));
    const filled = Math.round((width * done) / total);
    screen.write(`\r[${"#".repeat(filled)}${" ".repeat(width - filled)}]${label}`);
  };
  draw();
  return {
    advance: (count = 1) => {
      done = Math.min(total, done + count);
      draw();
    },
    end: () => screen.write("\r\u001B[2K"),
  };
}
