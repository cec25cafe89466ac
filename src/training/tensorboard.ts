import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Folder } from "../files/folder.js";
import { type Event, EventSchema, Summary_ValueSchema, SummarySchema } from "./event_pb.js";
import { frameRecord, readRecords } from "./tfrecord.js";

const PREFIX = "events.out.tfevents.";

/**
 * Scalars in TensorBoard's own files: `tensorboard --logdir` on the folder draws them. Each opening starts a
 * new file, as TensorBoard expects of a process that comes back.
 */
export class TensorBoardLog {
  private constructor(
    private readonly folder: Folder,
    readonly fileName: string,
  ) {}

  /** Starts a file `events.out.tfevents.<unix seconds>.<host>`; `host` tells machines that share a folder apart. */
  static async open(folder: Folder, host = "autodidact", nowMs = Date.now()): Promise<TensorBoardLog> {
    const log = new TensorBoardLog(folder, await unusedName(folder, host, nowMs));
    await log.append({ wallTime: nowMs / 1000, what: { case: "fileVersion", value: "brain.Event:2" } });
    return log;
  }

  /** Adds the named scalars of one step as one record. Await it before the next one. */
  async scalars(step: number, values: Readonly<Record<string, number>>, nowMs = Date.now()): Promise<void> {
    const value = Object.entries(values).map(([tag, scalar]) =>
      // Zero goes out as -0: the encoder leaves a plain 0 away, and TensorBoard skips a value without a number.
      create(Summary_ValueSchema, { tag, simpleValue: scalar === 0 ? -0 : scalar }),
    );
    const summary = create(SummarySchema, { value });
    await this.append({
      wallTime: nowMs / 1000,
      step: BigInt(step),
      what: { case: "summary", value: summary },
    });
  }

  /** Drops what a folder's event files say of later steps, and torn ends, before a run resumes from a step. */
  static async truncateAfter(folder: Folder, step: number): Promise<void> {
    for (const name of await folder.list("")) {
      if (!name.startsWith(PREFIX)) continue;
      const bytes = await folder.read(name);
      const kept = readRecords(bytes).filter((record) => fromBinary(EventSchema, record).step <= step);
      const parts = kept.map(frameRecord);
      const length = parts.reduce((total, part) => total + part.length, 0);
      if (length < bytes.length) await folder.write(name, ...parts);
    }
  }

  private async append(
    event: Pick<Event, "wallTime" | "what"> & Partial<Pick<Event, "step">>,
  ): Promise<void> {
    await this.folder.append(this.fileName, frameRecord(toBinary(EventSchema, create(EventSchema, event))));
  }
}

/** TensorBoard reads a folder's files in the order of their names; two runs can start in the same second. */
async function unusedName(folder: Folder, host: string, nowMs: number): Promise<string> {
  const taken = new Set(await folder.list(""));
  const name = `${PREFIX}${Math.floor(nowMs / 1000)}.${host}`;
  if (!taken.has(name)) return name;
  let again = 1;
  while (taken.has(`${name}.${again}`)) again++;
  return `${name}.${again}`;
}
