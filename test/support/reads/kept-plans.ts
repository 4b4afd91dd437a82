import type { DataSource } from "typeorm";

/** How often a connection used a plan for all values, and how often it planned a statement for its values. */
export interface PlanUse {
  readonly generic: number;
  readonly custom: number;
}

/**
 * Runs a read ten times, and counts the plans of its statements. The pool must have one connection. Six runs come first: the
 * first has no name, and the next five are planned each for its values.
 */
export async function countPlans(
  { dataSource }: { readonly dataSource: DataSource },
  read: (time: number) => Promise<unknown>,
): Promise<PlanUse[]> {
  const listPlans = () =>
    dataSource.query<({ name: string } & PlanUse)[]>(
      "SELECT name, generic_plans::int AS generic, custom_plans::int AS custom FROM pg_prepared_statements",
    );
  for (let time = 0; time < 6; time += 1) await read(time);
  const before = new Map((await listPlans()).map((each) => [each.name, each]));
  for (let time = 0; time < 10; time += 1) await read(time);
  return (await listPlans())
    .map((each) => ({
      generic: each.generic - (before.get(each.name)?.generic ?? 0),
      custom: each.custom - (before.get(each.name)?.custom ?? 0),
    }))
    .filter(({ generic, custom }) => generic + custom >= 10);
}
