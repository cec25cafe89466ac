import { counted } from "../../core/quantities.js";

/** Things of one sort in files of music that a score does not hold as they were. */
export interface Omission {
  readonly count: number;
  /** Of one, such as "note". */
  readonly thing: string;
  /** What is the matter with them, such as "without length". */
  readonly fault: string;
}

/** Counts omissions by their sort. */
export class Omissions {
  private readonly sorts = new Map<string, Omission>();

  add(thing: string, fault: string, count = 1): void {
    const sort = `${thing} ${fault}`;
    const before = this.sorts.get(sort)?.count ?? 0;
    if (count > 0) this.sorts.set(sort, { thing, fault, count: before + count });
  }

  /** In the order in which they were first met. */
  get list(): Omission[] {
    return [...this.sorts.values()];
  }
}

/** Those of several files as phrases, equal sorts together, such as "3 notes without length". */
export function describeOmissions(omissions: Iterable<Omission>): string[] {
  const all = new Omissions();
  for (const { thing, fault, count } of omissions) all.add(thing, fault, count);
  return all.list.map(({ thing, fault, count }) => `${counted(count, thing)} ${fault}`);
}
