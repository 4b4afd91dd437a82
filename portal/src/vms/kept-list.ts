import { readSession } from "../identity/session.js";
import type { Sort } from "../route.js";
import type { VmListRow } from "./use-vm-pages.js";

/** Which list it is: what was looked for, and in which order. */
export interface ListKey {
  readonly text: string;
  readonly sort: Sort;
}

/** The rows of a list that was left, so that who comes back finds it as it was. */
export interface KeptRows {
  readonly rows: readonly VmListRow[];
  readonly cursor: string | null;
  readonly total: number | null;
}

/** Where somebody stood in a list that was left. */
export interface KeptPlace {
  readonly scrollTop: number;
  /** The VM that was opened from there. */
  readonly openedId: string | null;
}

const NOWHERE: KeptPlace = { scrollTop: 0, openedId: null };

/** Keeps one list: the one that was left last, for who left it. */
let rows: { readonly owner: string; readonly kept: KeptRows } | null = null;
let place: { readonly owner: string; readonly kept: KeptPlace } | null = null;

export function keepRows(key: ListKey, kept: KeptRows): void {
  rows = { owner: nameOwner(key), kept };
}

export function keepPlace(key: ListKey, kept: KeptPlace): void {
  place = { owner: nameOwner(key), kept };
}

/** Finds the rows of the list that was left last, if it was this one. */
export function findRows(key: ListKey): KeptRows | null {
  return rows?.owner === nameOwner(key) ? rows.kept : null;
}

/** Finds the place in the list that was left last, if it was this one. */
export function findPlace(key: ListKey): KeptPlace {
  return place?.owner === nameOwner(key) ? place.kept : NOWHERE;
}

function nameOwner({ text, sort }: ListKey): string {
  return JSON.stringify([readSession(), text, sort]);
}
