/** A copy of a run in an object store, which another machine can go on from. */
import type { Folder } from "../files/folder.js";
import { type ObjectStore, ObjectStoreError } from "../interop/object-store.js";
import { readName, stepOf } from "../training/checkpoint.js";

export interface Mirror {
  /**
   * Brings the copy up to a checkpoint that has just been written, beside the training; a copy that is still on its way is
   * waited for. What goes wrong is warned of; the next copy makes up for it.
   */
  update(): Promise<void>;
  /** Waits for the copy of all that is there. Throws `ObjectStoreError` where it cannot be made. */
  finish(): Promise<void>;
}

/** What changes after it is copied; all else is copied once. */
const grows = (path: string) => !path.startsWith("data/") && !path.startsWith("checkpoints/step-");

/** Of this machine alone, or still being written. */
const isLeftOut = (path: string) => /^(run\.lock|stop)$|^checkpoints\/partial-|\.partial$/.test(path);

const latest = "checkpoints/latest";
/** They come last: what they name is there. */
const names = ["checkpoints/best", latest];

/** `there` is what the store has by now, with its sizes. */
export function openMirror(
  run: Folder,
  store: ObjectStore,
  there: Map<string, number>,
  warn: (line: string) => void,
): Mirror {
  const copied = new Set<string>();
  let copying: Promise<void> = Promise.resolve();

  async function put(path: string, bytes: Uint8Array): Promise<void> {
    await store.put(path, bytes);
    there.set(path, bytes.length);
    copied.add(path);
  }

  async function copy(): Promise<void> {
    // First: a checkpoint that comes while the others are copied is not named.
    const named: [path: string, bytes: Uint8Array][] = [];
    for (const path of names) {
      if ((await run.size(path)) !== undefined) named.push([path, await run.read(path)]);
    }
    const paths = (await filesOf(run, "")).filter((path) => !isLeftOut(path) && !names.includes(path));
    for (const path of paths) {
      const isThere = path.startsWith("data/") && there.get(path) === (await run.size(path));
      if (isThere || (!grows(path) && copied.has(path))) continue;
      await put(path, await run.read(path));
    }
    for (const [path, bytes] of named) await put(path, bytes);
    for (const path of there.keys()) {
      if (!path.startsWith("checkpoints/step-") || paths.includes(path)) continue;
      await store.remove(path);
      there.delete(path);
      copied.delete(path);
    }
  }

  return {
    async update() {
      await copying;
      copying = copy().catch((error: Error) =>
        warn(`the copy in ${store.location} is behind: ${error.message}`),
      );
    },
    async finish() {
      await copying;
      await copy();
    },
  };
}

/** Brings a run into a folder that has none; its checkpoints become whole before they are named. Gives how many files came. */
export async function pullRun(
  store: ObjectStore,
  there: ReadonlyMap<string, number>,
  run: Folder,
): Promise<number> {
  const all = [...there.keys()].filter((path) => !isLeftOut(path));
  const named = new Set<string>();
  for (const path of names.filter((path) => all.includes(path))) {
    named.add(`checkpoints/${textOf(await store.get(path))}/`);
  }
  const isWanted = (path: string) =>
    !path.startsWith("checkpoints/step-") || [...named].some((folder) => path.startsWith(folder));
  const paths = all.filter((path) => isWanted(path) && !names.includes(path));
  // The recipe last of the rest: with it the folder is a run.
  const ordered = [...paths.filter((path) => path !== "recipe.json"), ...names, "recipe.json"].filter(
    (path) => all.includes(path),
  );
  for (const path of ordered) await run.write(path, await store.get(path));
  return ordered.length;
}

/**
 * Makes sure that a copy may be made there: that nothing is there, or an older copy of this run. Where there is no run here
 * yet, `run` is undefined. Throws `ObjectStoreError`.
 */
export async function requirePlace(
  store: ObjectStore,
  there: ReadonlyMap<string, number>,
  run: Folder | undefined,
): Promise<void> {
  if (there.size === 0) return;
  const found = `${store.location}: ${there.size} objects`;
  if (run === undefined || !(await isSameRun(run, store))) {
    const advice =
      "choose another prefix, or go on from that run: --resume <new folder> --mirror <this address>";
    throw new ObjectStoreError("the copy of a run would be mixed with what is there", found, advice);
  }
  const here = stepOf(await readName(run, "latest"));
  const copied = stepOf(there.has(latest) ? textOf(await store.get(latest)) : undefined);
  if (here >= copied) return;
  throw new ObjectStoreError(
    "the copy of this run is ahead of it",
    `${store.location}: step ${copied}; ${run.location}: step ${here}`,
    "take the copy: --resume <new folder> with the same --mirror; or choose another prefix",
  );
}

/** Whether what is copied there learns the same model from the same data. */
async function isSameRun(run: Folder, store: ObjectStore): Promise<boolean> {
  const recipes = await Promise.all([run.read("recipe.json"), store.get("recipe.json")]);
  const [ours, theirs] = recipes.map((bytes) => JSON.parse(textOf(bytes)));
  return ["data", "features", "model"].every(
    (key) => JSON.stringify(ours[key]) === JSON.stringify(theirs[key]),
  );
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();

/** Paths of all files below a folder. */
async function filesOf(run: Folder, path: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await run.list(path)) {
    const below = path === "" ? name : `${path}/${name}`;
    if ((await run.size(below)) !== undefined) found.push(below);
    else found.push(...(await filesOf(run, below)));
  }
  return found;
}
