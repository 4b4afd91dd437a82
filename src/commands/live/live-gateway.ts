/** A GraphQL subscription. */
export interface Asked {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Where a command gets changes from: the gateway's database, or a running gateway. */
export interface LiveGateway {
  /**
   * Subscribes once. It ends with the signal, and throws when the connection is lost. `onOpen` is called once it is
   * connected.
   */
  subscribe<Answer>(
    asked: Asked,
    opening: { readonly onOpen: () => void; readonly signal: AbortSignal },
  ): AsyncGenerator<Answer, void, undefined>;
  /** Finds the ids of the VMs with exactly this name; only some of them if there are many. */
  findVmIds(name: string, signal: AbortSignal): Promise<readonly string[]>;
}
