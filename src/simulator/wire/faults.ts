/** Faults of a connection. The fault is chosen when a client connects. */
export type ConnectionFault =
  /** TCP is accepted, then nothing is ever sent, not even the TLS handshake. */
  | { readonly kind: "slow-tls" }
  /** The handshake is done, then nothing is ever sent. */
  | { readonly kind: "mute" }
  /** The connection is closed instead of sending CONNECTED. */
  | { readonly kind: "close-before-connected" }
  /** Answers are sent, but none of the promised heartbeats. */
  | { readonly kind: "no-heartbeats" };

/** Faults of one call. The fault is chosen when its request arrives. */
export type CallFault =
  /** No answer is ever sent; heartbeats continue. */
  | { readonly kind: "hang" }
  /** No answer and no heartbeat is sent from now on, as from a host without power. */
  | { readonly kind: "silence" }
  /** The right answer is sent `bytes` at a time. */
  | { readonly kind: "drip"; readonly everyMs: number; readonly bytes?: number }
  /** The right answer is sent when this promise resolves. For tests that order events. */
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
  /** The first bytes of the right answer, then a TCP reset. */
  | { readonly kind: "reset"; readonly atByte: number }
  /** The first bytes of the right answer, then an orderly end. */
  | { readonly kind: "close"; readonly atByte: number }
  /** The right result is sent with an unknown id. */
  | { readonly kind: "wrong-id" }
  /** Bytes that are no STOMP at all. */
  | { readonly kind: "garbage"; readonly bytes?: Uint8Array }
  /** A good frame whose body is not JSON. */
  | { readonly kind: "malformed-json"; readonly body?: string }
  /** Code 99, as for some time after a restart of vdsmd. */
  | { readonly kind: "recovering" }
  | { readonly kind: "error"; readonly code: number; readonly message?: string }
  /** This result instead of the true one. */
  | { readonly kind: "result"; readonly result: unknown }
  /** A frame announces this many bytes, and starts to send them. */
  | { readonly kind: "oversize"; readonly bytes: number };

/** Any scripted fault. */
export type Fault = ConnectionFault | CallFault;

interface Step {
  readonly fault: Fault;
  readonly verb: string | null;
  readonly always: boolean;
}

/** The faults to come, in order. Each is used once, unless it was added by `failAlways`. */
export class FaultScript {
  private steps: Step[] = [];

  /** Makes the next connection or call fail once in this way; with `verb`, the next call of that verb. */
  failNext(fault: Fault, verb: string | null = null): this {
    this.steps.push({ fault, verb, always: false });
    return this;
  }

  /** Makes all connections or calls fail in this way until `clear`. Faults that are used once come first. */
  failAlways(fault: Fault, verb: string | null = null): this {
    this.steps.push({ fault, verb, always: true });
    return this;
  }

  clear(): void {
    this.steps = [];
  }

  /** Returns how many steps wait to be used. */
  get pending(): number {
    return this.steps.filter((step) => !step.always).length;
  }

  takeForConnection(): ConnectionFault | null {
    const fault = this.take((step) => isConnectionFault(step.fault));
    return fault !== null && isConnectionFault(fault) ? fault : null;
  }

  takeForCall(verb: string): CallFault | null {
    const fault = this.take(
      (step) => !isConnectionFault(step.fault) && (step.verb === null || step.verb === verb),
    );
    return fault !== null && !isConnectionFault(fault) ? fault : null;
  }

  private take(fits: (step: Step) => boolean): Fault | null {
    const step = this.steps.find((each) => !each.always && fits(each)) ?? this.steps.find(fits);
    if (step === undefined) return null;
    if (!step.always) this.steps.splice(this.steps.indexOf(step), 1);
    return step.fault;
  }
}

function isConnectionFault(fault: Fault): fault is ConnectionFault {
  return (
    fault.kind === "slow-tls" ||
    fault.kind === "mute" ||
    fault.kind === "close-before-connected" ||
    fault.kind === "no-heartbeats"
  );
}
