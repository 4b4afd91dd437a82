/** What can go wrong with a connection, decided when a client dials. */
export type ConnectionFault =
  /** TCP is accepted, nothing is ever said: not even the TLS handshake. */
  | { readonly kind: "slow-tls" }
  /** The handshake is done, then nothing is ever said. */
  | { readonly kind: "mute" }
  /** The connection is closed where CONNECTED was due. */
  | { readonly kind: "close-before-connected" }
  /** Answers come, but none of the heartbeats that were promised. */
  | { readonly kind: "no-heartbeats" };

/** What can go wrong with one call, decided when its request arrives. */
export type CallFault =
  /** No answer, ever; heartbeats go on. */
  | { readonly kind: "hang" }
  /** No answer and no heartbeat from now on: a host that lost its power. */
  | { readonly kind: "silence" }
  /** The right answer, `bytes` at a time. */
  | { readonly kind: "drip"; readonly everyMs: number; readonly bytes?: number }
  /** The right answer, but only once this promise resolves; for tests that order events. */
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
  /** The first bytes of the right answer, then a TCP reset. */
  | { readonly kind: "reset"; readonly atByte: number }
  /** The first bytes of the right answer, then an orderly end. */
  | { readonly kind: "close"; readonly atByte: number }
  /** The right result under an id that nobody asked with. */
  | { readonly kind: "wrong-id" }
  /** Bytes that are no STOMP at all. */
  | { readonly kind: "garbage"; readonly bytes?: Uint8Array }
  /** A good frame whose body is not JSON. */
  | { readonly kind: "malformed-json"; readonly body?: string }
  /** Code 99, as long after a restart of vdsmd. */
  | { readonly kind: "recovering" }
  | { readonly kind: "error"; readonly code: number; readonly message?: string }
  /** This result instead of the true one. */
  | { readonly kind: "result"; readonly result: unknown }
  /** A frame that announces, and starts to send, this many bytes. */
  | { readonly kind: "oversize"; readonly bytes: number };

/** Any scripted fault. */
export type Fault = ConnectionFault | CallFault;

interface Step {
  readonly fault: Fault;
  readonly verb: string | null;
  readonly always: boolean;
}

/** What goes wrong next, in order: each step is used once, unless it is told to stay. */
export class FaultScript {
  private steps: Step[] = [];

  /** Makes the next connection, or the next call (of this verb, if one is named), fail like this, once. */
  next(fault: Fault, verb: string | null = null): this {
    this.steps.push({ fault, verb, always: false });
    return this;
  }

  /** Does the same as `next` for every one until `clear`. Steps that are used once come first. */
  always(fault: Fault, verb: string | null = null): this {
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
