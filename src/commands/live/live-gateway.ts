/** A subscription in the words of the graph. */
export interface Asked {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What a command hears of changes from: the gateway's database, or a running gateway. */
export interface LiveGateway {
  /** Subscribes once; ends with the signal, and throws when the connection is lost. `onOpen` is called once it stands. */
  subscribe<Answer>(
    asked: Asked,
    opening: { readonly onOpen: () => void; readonly signal: AbortSignal },
  ): AsyncGenerator<Answer, void, undefined>;
  /** Finds the ids of the VMs with this whole name, some of them if there are many. */
  findVmIds(name: string, signal: AbortSignal): Promise<readonly string[]>;
}
