import type { RefreshStore } from "../../src/store/types.js";
import type { Meter, Spent } from "./meter.js";

/** A store that measures each of its calls, until the answer has arrived. */
export class MeteredStore implements RefreshStore {
  /** `false`: it gets no list of what readers see change, so it writes no log. */
  isLogged = true;
  private readonly spentByName = new Map<string, Spent>();

  constructor(
    private readonly store: RefreshStore,
    private readonly meter: Meter,
  ) {}

  reset(): void {
    this.spentByName.clear();
  }

  readSpent(...names: string[]): Spent {
    const each = names.map((name) => this.spentByName.get(name) ?? NOTHING);
    return {
      milliseconds: each.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      cpuMilliseconds: each.reduce((sum, { cpuMilliseconds }) => sum + cpuMilliseconds, 0),
    };
  }

  readonly registerHosts: RefreshStore["registerHosts"] = (...all) => this.store.registerHosts(...all);
  readonly renewRegistration: RefreshStore["renewRegistration"] = () => this.store.renewRegistration();
  readonly endRegistration: RefreshStore["endRegistration"] = () => this.store.endRegistration();
  readonly reconcileHosts: RefreshStore["reconcileHosts"] = () => this.store.reconcileHosts();
  readonly releaseClaim: RefreshStore["releaseClaim"] = (...all) => this.store.releaseClaim(...all);
  readonly addHost: RefreshStore["addHost"] = (...all) => this.store.addHost(...all);
  readonly removeHost: RefreshStore["removeHost"] = (...all) => this.store.removeHost(...all);
  readonly listHosts: RefreshStore["listHosts"] = () => this.store.listHosts();
  readonly listFailingHosts: RefreshStore["listFailingHosts"] = (forMs) => this.store.listFailingHosts(forMs);
  readonly renameHost: RefreshStore["renameHost"] = (...all) => this.store.renameHost(...all);
  readonly claim: RefreshStore["claim"] = (...all) =>
    this.measureCall("claim", () => this.store.claim(...all));
  readonly readHostVms: RefreshStore["readHostVms"] = (...all) =>
    this.measureCall("read", () => this.store.readHostVms(...all));
  readonly readNicHolders: RefreshStore["readNicHolders"] = (...all) =>
    this.measureCall("read", () => this.store.readNicHolders(...all));
  readonly readVms: RefreshStore["readVms"] = (...all) =>
    this.measureCall("read", () => this.store.readVms(...all));
  readonly apply: RefreshStore["apply"] = (claim, changes, findings) =>
    this.measureCall("apply", () =>
      this.store.apply(claim, changes, this.isLogged ? findings : { ...findings, visibleChanges: [] }),
    );
  readonly fail: RefreshStore["fail"] = (...all) => this.store.fail(...all);

  private async measureCall<T>(name: string, ask: () => Promise<T>): Promise<T> {
    const { answer, ...spent } = await this.meter.measure(ask);
    this.spentByName.set(name, spent);
    return answer;
  }
}

const NOTHING: Spent = { milliseconds: 0, cpuMilliseconds: 0 };
