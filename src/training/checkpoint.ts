/**
 * Checkpoints of a run: `checkpoints/step-000500/` is a model folder plus `training/`, which holds what
 * resuming needs. A checkpoint appears whole or not at all; the file `checkpoints/latest` names it last.
 */
import { AutodidactError } from "../core/errors.js";
import { crc32 } from "../data/crc32.js";
import type { Folder } from "../data/folder.js";
import type { Layout } from "../optim/layout.js";

/** A checkpoint is damaged or belongs to another model. */
export class ResumeError extends AutodidactError {}

/** Where a run stands, apart from its arrays. */
export interface TrainingState {
  /** Steps taken. */
  readonly step: number;
  /** Seconds spent training so far. */
  readonly seconds: number;
  readonly bestLoss?: number;
  readonly evaluationsSinceBest: number;
}

/** The flat arrays of a run by name: parameters, moments, average. */
export type NamedArrays = Readonly<Record<string, Float32Array>>;

interface StateFile extends TrainingState {
  readonly layout: string;
  readonly arrays: Record<string, { bytes: number; crc32: number }>;
}

export const checkpointName = (step: number) => `step-${String(step).padStart(6, "0")}`;

/** Parameters in their order with shapes, so that arrays of another model are not read as this one's. */
function layoutKey({ slots }: Layout): string {
  return slots.map(({ parameter: { name, shape } }) => `${name}[${shape}]`).join(" ");
}

const bytesOf = (array: Float32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Writes a checkpoint beside the others and makes it the latest, and the best when `isBest`. */
export async function saveCheckpoint(
  run: Folder,
  layout: Layout,
  state: TrainingState,
  arrays: NamedArrays,
  saveModel: (folder: Folder) => Promise<void>,
  isBest: boolean,
): Promise<string> {
  const name = checkpointName(state.step);
  const partial = `checkpoints/partial-${name}`;
  await run.remove(partial);
  const folder = run.folder(partial);
  await saveModel(folder);
  const entries: StateFile["arrays"] = {};
  for (const [key, array] of Object.entries(arrays)) {
    const bytes = bytesOf(array);
    entries[key] = { bytes: bytes.length, crc32: crc32(bytes) };
    await folder.write(`training/${key}.bin`, bytes);
  }
  const file: StateFile = { ...state, layout: layoutKey(layout), arrays: entries };
  await folder.write("training/state.json", JSON.stringify(file, null, 2));
  await run.remove(`checkpoints/${name}`);
  await run.rename(partial, `checkpoints/${name}`);
  if (isBest) await run.write("checkpoints/best", name);
  await run.write("checkpoints/latest", name);
  return name;
}

/** Removes all but the newest `keep` checkpoints, the latest and the best; and what a killed run left. */
export async function pruneCheckpoints(run: Folder, keep: number): Promise<void> {
  const names = await run.list("checkpoints");
  const kept = new Set([await readName(run, "latest"), await readName(run, "best")]);
  const steps = names.filter((name) => name.startsWith("step-"));
  for (const name of names.filter((n) => n.startsWith("partial-"))) await run.remove(`checkpoints/${name}`);
  for (const name of steps.slice(0, -keep)) {
    if (!kept.has(name)) await run.remove(`checkpoints/${name}`);
  }
}

/** The folder name in `checkpoints/latest` or `best`; undefined before the first checkpoint. */
export async function readName(run: Folder, which: "latest" | "best"): Promise<string | undefined> {
  if ((await run.size(`checkpoints/${which}`)) === undefined) return undefined;
  return new TextDecoder().decode(await run.read(`checkpoints/${which}`)).trim();
}

/**
 * Fills `arrays` from the latest checkpoint and gives its state; undefined when there is none.
 * Throws `ResumeError` when it is damaged or of another model.
 */
export async function loadCheckpoint(
  run: Folder,
  layout: Layout,
  arrays: NamedArrays,
): Promise<TrainingState | undefined> {
  const name = await readName(run, "latest");
  if (!name) return undefined;
  const folder = run.folder(`checkpoints/${name}/training`);
  const { layout: saved, arrays: entries, ...state } = await readState(folder);
  if (saved !== layoutKey(layout) || Object.keys(entries).join() !== Object.keys(arrays).join()) {
    throw new ResumeError(
      "a checkpoint is of another model or optimizer",
      `${folder.location}: parameters or arrays (${Object.keys(entries).join(", ")}) differ from the recipe's`,
      "resume with the recipe that the run was started with, or start a new run",
    );
  }
  for (const [key, array] of Object.entries(arrays)) {
    const bytes = bytesOf(array);
    const size = await folder.size(`${key}.bin`);
    if (size === bytes.length) await folder.readInto(`${key}.bin`, 0, bytes);
    if (size !== bytes.length || crc32(bytes) !== entries[key].crc32) {
      throw new ResumeError(
        "a checkpoint is damaged",
        `${folder.location}/${key}.bin: ${size ?? "no"} bytes, ${entries[key].bytes} expected, or another checksum`,
        "write the name of an older checkpoint into checkpoints/latest and resume again",
      );
    }
  }
  return state;
}

async function readState(folder: Folder): Promise<StateFile> {
  try {
    const state = JSON.parse(new TextDecoder().decode(await folder.read("state.json")));
    if (!Number.isInteger(state.step) || typeof state.arrays !== "object")
      throw new Error("keys are missing");
    return state;
  } catch (cause) {
    throw new ResumeError(
      "a checkpoint's state cannot be read",
      `${folder.location}/state.json: ${(cause as Error).message}`,
      "write the name of an older checkpoint into checkpoints/latest and resume again",
      { cause },
    );
  }
}
