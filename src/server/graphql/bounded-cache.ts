import { BoundedMap } from "../../model/kept/bounded-map.js";

/** A bounded map with the methods that Apollo expects of a cache; `getWeight` says how much a value weighs. */
export class BoundedCache<V> {
  private readonly entries: BoundedMap<V>;

  constructor(
    maxWeight: number,
    private readonly getWeight: (value: V) => number,
  ) {
    this.entries = new BoundedMap(maxWeight);
  }

  /** How much is held now. */
  get weight(): number {
    return this.entries.weight;
  }

  /** How many entries are held now. */
  get size(): number {
    return this.entries.size;
  }

  /** Finds an entry, which is then the most recently used one. */
  find(key: string): V | undefined {
    return this.entries.use(key);
  }

  /** Keeps an entry, unless it is too heavy. */
  keep(key: string, value: V): void {
    this.entries.set(key, value, this.getWeight(value));
  }

  // Apollo's interface of a cache:
  get(key: string): Promise<V | undefined> {
    return Promise.resolve(this.find(key));
  }

  set(key: string, value: V): Promise<void> {
    this.keep(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.entries.delete(key));
  }
}
