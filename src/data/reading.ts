import { AutodidactError } from "../core/errors.js";
import type { Watching } from "../core/watching.js";
import { DataError } from "../files/errors.js";

/** What was read over or could not be used, by what is the matter with it. */
export interface LeftOut {
  /** Such as "the file is empty". */
  readonly what: string;
  readonly count: number;
  /** The first few of them: `file` or `file:row`, and what was found there. */
  readonly places: readonly string[];
}

/** What bad items do to a reading, and how it is watched. */
export interface ReadingOptions extends Watching {
  /**
   * Leave out files and rows that cannot be used, counting them. Default: they stop the reading with one error that
   * counts them all.
   */
  readonly skipBad?: boolean;
}

const MOST_PLACES = 3;
/** A reading that bad items stop does not look for more than these. */
const MOST_BAD = 1000;

/** One reading of files: how far it is, and what is bad in them. */
export class Reading {
  /** Items that were refused. */
  badCount = 0;
  private readonly kinds = new Map<string, { count: number; places: string[]; isBad: boolean }>();
  private cause?: AutodidactError;
  private thrown?: DataError;
  private total = 0;
  private done = 0;
  private fileEnd = 0;

  constructor(private readonly options: ReadingOptions = {}) {}

  /** What is left out so far. */
  get leftOut(): LeftOut[] {
    return this.listed(() => true);
  }

  /** Whether a bad item has stopped this reading: what still comes is only looked through for more. */
  get isStopped(): boolean {
    return this.badCount > 0 && !this.options.skipBad;
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  /** Announces the files. */
  begin(files: readonly { readonly bytes: number }[]): void {
    this.total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    this.done = 0;
    this.fileEnd = 0;
  }

  /** Announces the next file. */
  beginFile({ bytes }: { readonly bytes: number }): void {
    this.check();
    this.done = this.fileEnd;
    this.fileEnd += bytes;
  }

  /** Throws the signal's reason once it is stopped. */
  check(): void {
    this.options.signal?.throwIfAborted();
  }

  /** Counts bytes of the file; those that are read again do not count again. */
  advance(bytes: number): void {
    this.check();
    this.done = Math.min(this.done + bytes, this.fileEnd);
    this.options.onProgress?.(this.done, this.total);
  }

  /** Counts what holds nothing to read, which is never an error. */
  passOver(what: string, place: string): void {
    this.note(what, place, 1, false);
  }

  /** Counts an item for what it was refused for. Throws again what is no fault of the data. */
  refuse(error: unknown, count = 1): void {
    this.check();
    if (!(error instanceof AutodidactError) || error === this.thrown) throw error;
    this.cause ??= error;
    this.badCount += count;
    this.note(error.what, error.values, count, true);
    if (this.isStopped && this.badCount >= MOST_BAD) this.stop();
  }

  /** Throws `DataError` for what was bad, unless that is left out and there are other items. */
  finish(kept: number): void {
    if (this.done < this.total) this.options.onProgress?.(this.total, this.total);
    if (this.isStopped || (this.badCount > 0 && kept === 0)) this.stop();
  }

  private note(what: string, place: string, count: number, isBad: boolean): void {
    const kind = this.kinds.get(what) ?? { count: 0, places: [], isBad };
    this.kinds.set(what, kind);
    kind.count += count;
    if (kind.places.length < MOST_PLACES) kind.places.push(place);
  }

  private listed(isWanted: (kind: { isBad: boolean }) => boolean): LeftOut[] {
    const kinds = [...this.kinds].filter(([, kind]) => isWanted(kind));
    return kinds.map(([what, { count, places }]) => ({ what, count, places: [...places] }));
  }

  private stop(): never {
    this.thrown = this.error();
    throw this.thrown;
  }

  private error(): DataError {
    const [cause, count] = [this.cause!, this.badCount];
    const advice = this.options.skipBad
      ? cause.advice
      : `${cause.advice}; or leave ${count === 1 ? "it" : "them"} out with skipBad`;
    if (count === 1) return new DataError(cause.what, cause.values, advice, { cause });
    const bad = this.listed(({ isBad }) => isBad);
    const all = `${count}${count >= MOST_BAD && !this.options.skipBad ? " or more" : ""}`;
    const [what, found] =
      bad.length === 1
        ? [cause.what, `${all}: ${placesOf(bad[0])}`]
        : [`${all} parts of the data cannot be used`, describeLeftOut(bad).join("; ")];
    return new DataError(what, found, advice, { cause });
  }
}

/** Each kind in words, such as "2 where the file is empty (a.txt; b.txt)". */
export function describeLeftOut(leftOut: readonly LeftOut[]): string[] {
  return leftOut.map((kind) => `${kind.count} where ${kind.what} (${placesOf(kind)})`);
}

function placesOf({ places, count }: LeftOut): string {
  return places.join("; ") + (count > places.length ? "; ..." : "");
}
