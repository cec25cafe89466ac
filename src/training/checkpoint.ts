/**
 * Checkpoints of a run: `checkpoints/step-000500/` is a model folder plus `training/`, which holds what
 * resuming needs. A checkpoint appears whole or not at all; the file `checkpoints/latest` names it last.
 */
import { z } from "zod";
import { AutodidactError } from "../core/errors.js";
import { crc32 } from "../files/crc32.js";
import type { Folder } from "../files/folder.js";
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
  /** The evaluation after the last step was broken off: it comes before the next step. */
  readonly isEvaluationDue?: true;
}

/** The flat arrays of a run by name: parameters, moments, average. */
export type NamedArrays = Readonly<Record<string, Float32Array>>;

const stateFile = z.object({
  step: z.int().nonnegative(),
  seconds: z.number(),
  bestLoss: z.number().optional(),
  evaluationsSinceBest: z.int(),
  isEvaluationDue: z.literal(true).optional(),
  /** Names and shapes of the parameters in their order. */
  layout: z.string(),
  arrays: z.record(z.string(), z.object({ bytes: z.int(), crc32: z.int() })),
});
type StateFile = z.infer<typeof stateFile>;

export const checkpointName = (step: number) => `step-${String(step).padStart(6, "0")}` as const;
/** Of a checkpoint's name; 0 where there is none. */
export const stepOf = (name = "step-0"): number => Number(name.slice("step-".length));

/** Parameters in their order with shapes, so that arrays of another model are not read as this one's. */
function layoutKey({ slots }: Layout): string {
  return slots.map(({ parameter: { name, shape } }) => `${name}[${shape}]`).join(" ");
}

const bytesOf = (array: Float32Array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/**
 * Writes a checkpoint beside the others and makes it the latest, and the best when `isBest`. When it cannot
 * be written, say on a full disk, the latest stays what it was and the unfinished one goes.
 */
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
  try {
    await saveModel(folder);
    await saveTraining(folder.folder("training"), layout, state, arrays);
  } catch (error) {
    await run.remove(partial);
    throw error;
  }
  await run.remove(`checkpoints/${name}`);
  await run.rename(partial, `checkpoints/${name}`);
  if (isBest) await run.write("checkpoints/best", name);
  await run.write("checkpoints/latest", name);
  return name;
}

async function saveTraining(
  folder: Folder,
  layout: Layout,
  state: TrainingState,
  arrays: NamedArrays,
): Promise<void> {
  const entries: StateFile["arrays"] = {};
  for (const [key, array] of Object.entries(arrays)) {
    const bytes = bytesOf(array);
    entries[key] = { bytes: bytes.length, crc32: crc32(bytes) };
    await folder.write(`${key}.bin`, bytes);
  }
  const file: StateFile = { ...state, layout: layoutKey(layout), arrays: entries };
  await folder.write("state.json", JSON.stringify(file, null, 2));
}

/** Removes all but the newest `keep` checkpoints, the latest and the best; and what a killed run left. */
export async function pruneCheckpoints(run: Folder, keep: number): Promise<void> {
  const names = await run.list("checkpoints");
  const kept = new Set([await readName(run, "latest"), await readName(run, "best")]);
  const steps = names.filter((name) => name.startsWith("step-")).sort((a, b) => stepOf(a) - stepOf(b));
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
 * The state of the latest checkpoint; undefined when there is none. Throws `ResumeError` when it is of another
 * model, or when its files are not all there. What they hold `loadCheckpoint` checks.
 */
export async function checkCheckpoint(
  run: Folder,
  layout: Layout,
  arrays: NamedArrays,
): Promise<StateFile | undefined> {
  const name = await readName(run, "latest");
  if (name === undefined) return undefined;
  const folder = run.folder(`checkpoints/${name}/training`);
  const state = await readState(folder, name);
  if (state.layout !== layoutKey(layout) || Object.keys(state.arrays).join() !== Object.keys(arrays).join()) {
    throw new ResumeError(
      "a checkpoint is of another model or optimizer",
      `${folder.location}: parameters or arrays (${Object.keys(state.arrays).join(", ")}) differ from the recipe's`,
      "resume with the recipe that the run was started with, or start a new run",
    );
  }
  for (const [key, array] of Object.entries(arrays)) {
    const size = await folder.size(`${key}.bin`);
    if (size !== array.byteLength) {
      throw damaged(folder, key, `${size ?? "no"} bytes instead of ${array.byteLength}`);
    }
  }
  return state;
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
  const found = await checkCheckpoint(run, layout, arrays);
  if (!found) return undefined;
  const { layout: _, arrays: entries, ...state } = found;
  const folder = run.folder(`checkpoints/${await readName(run, "latest")}/training`);
  for (const [key, array] of Object.entries(arrays)) {
    const bytes = bytesOf(array);
    await folder.readInto(`${key}.bin`, 0, bytes);
    if (crc32(bytes) !== entries[key].crc32) throw damaged(folder, key, "another checksum");
  }
  return state;
}

async function readState(folder: Folder, name: string): Promise<StateFile> {
  try {
    const state = stateFile.parse(JSON.parse(new TextDecoder().decode(await folder.read("state.json"))));
    if (checkpointName(state.step) === name) return state;
    throw new Error(`step ${state.step} in ${name}`);
  } catch (cause) {
    throw new ResumeError(
      "a checkpoint's state cannot be read",
      `${folder.location}/state.json: ${reasonOf(cause)}`,
      olderCheckpoint,
      { cause },
    );
  }
}

const olderCheckpoint = "write the name of an older checkpoint into checkpoints/latest and resume again";

function damaged(folder: Folder, key: string, found: string): ResumeError {
  return new ResumeError(
    "a checkpoint is damaged",
    `${folder.location}/${key}.bin: ${found}`,
    olderCheckpoint,
  );
}

function reasonOf(cause: unknown): string {
  if (cause instanceof z.ZodError) return `${cause.issues[0].path.join(".")}: ${cause.issues[0].message}`;
  return cause instanceof AutodidactError ? cause.what : (cause as Error).message;
}
