import { AutodidactError } from "../core/errors.js";
import type { Folder } from "../files/folder.js";

/** A metrics file holds a line that is not a record. */
export class MetricsError extends AutodidactError {}

/** One logged step: flat, so that any tool can make a table of it. A number that is not finite reads back as null. */
export interface MetricsRecord {
  readonly step: number;
  readonly [name: string]: number | string | boolean | null;
}

interface Line {
  readonly text: string;
  readonly record: MetricsRecord;
}

/**
 * The log of a run: one JSON object a line. A process may die inside an append, so a last line without its
 * newline counts as torn: readers skip it, and the next append or truncation removes it.
 */
export class MetricsLog {
  private whole = false;

  constructor(
    private readonly folder: Folder,
    private readonly path = "metrics.jsonl",
  ) {}

  /** Adds a record. Await it before the next one: lines keep the order of the calls only then. */
  async append(record: MetricsRecord): Promise<void> {
    if (!this.whole) await this.keep(() => true);
    this.whole = false; // a full disk may leave half a line
    await this.folder.append(this.path, `${JSON.stringify(record)}\n`);
    this.whole = true;
  }

  /** Adds to the newest record, which is that of the same step. */
  async amend({ step, ...values }: MetricsRecord): Promise<void> {
    const last = (await this.read()).at(-1);
    await this.truncateAfter(step - 1);
    await this.append({ ...(last?.step === step ? last : {}), step, ...values });
  }

  /** Every record, oldest first; empty when nothing was logged. Throws `MetricsError` on a damaged line. */
  async read(): Promise<MetricsRecord[]> {
    return (await this.lines()).lines.map(({ record }) => record);
  }

  /** Drops what was logged after a step, so that a run resumed from there logs no step twice. */
  async truncateAfter(step: number): Promise<void> {
    await this.keep((record) => record.step <= step);
  }

  private async keep(wanted: (record: MetricsRecord) => boolean): Promise<void> {
    const { lines, torn } = await this.lines();
    const kept = lines.filter(({ record }) => wanted(record));
    if (torn || kept.length < lines.length) {
      await this.folder.write(this.path, kept.map(({ text }) => `${text}\n`).join(""));
    }
    this.whole = true;
  }

  private async lines(): Promise<{ lines: Line[]; torn: boolean }> {
    if ((await this.folder.size(this.path)) === undefined) return { lines: [], torn: false };
    const texts = new TextDecoder().decode(await this.folder.read(this.path)).split("\n");
    const torn = texts.pop() !== "";
    return { lines: texts.map((text, index) => this.parse(text, index + 1)), torn };
  }

  private parse(text: string, lineNumber: number): Line {
    const record = parseJson(text);
    if (isRecord(record)) return { text, record };
    throw new MetricsError(
      "a line of the metrics log is not a record",
      `${this.folder.location}/${this.path}, line ${lineNumber}: ${text.slice(0, 80)}`,
      'remove that line; each line is a JSON object with a number "step"',
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is MetricsRecord {
  return typeof value === "object" && value !== null && "step" in value && typeof value.step === "number";
}
