/** The folder of a run, whatever it learns: its recipe, and what may stand there. */
import type { Folder } from "../files/folder.js";
import { RunError } from "./errors.js";

/** The recipe that a run folder keeps, as it lies there. Throws `RunError` when there is none. */
export async function readSavedRecipe(folder: Folder): Promise<unknown> {
  if ((await folder.size("recipe.json")) === undefined) {
    const isEmpty = (await folder.list("")).length === 0;
    throw new RunError(
      "there is no run to continue",
      isEmpty ? `${folder.location} is empty or not there` : `${folder.location} has no recipe.json`,
      isEmpty
        ? "if it was stopped before it had written anything, start it again: train <recipe> --out <folder>"
        : "give the folder of a run",
    );
  }
  const text = new TextDecoder().decode(await folder.read("recipe.json"));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunError(
      "a run's recipe cannot be read",
      `${folder.location}/recipe.json: ${(cause as Error).message}`,
      "restore the file, or start a new run",
      { cause },
    );
  }
}

export async function writeRecipe(recipe: object, folder: Folder): Promise<void> {
  await folder.write("recipe.json", `${JSON.stringify(recipe, null, 2)}\n`);
}

/** Throws `RunError` for a folder that holds anything. */
export async function requireEmpty(folder: Folder): Promise<void> {
  const names = (await folder.list("")).filter((name) => name !== "run.lock");
  if (names.includes("recipe.json")) {
    throw new RunError(
      "the output folder holds another run",
      folder.location,
      "choose another --out, or continue that run with --resume",
    );
  }
  if (names.length === 0) return;
  throw new RunError(
    "the output folder is not empty",
    `${folder.location} has ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", ..." : ""}`,
    "choose another --out: a run wants a new or an empty folder",
  );
}

type Sections = Readonly<Record<"data" | "features" | "model", unknown>>;

/** What a checkpoint was learned with stays; everything else may change on the way. */
export function requireKept(saved: Sections, recipe: Sections, folder: Folder): void {
  for (const key of ["data", "features", "model"] as const) {
    const [before, after] = [JSON.stringify(saved[key]), JSON.stringify(recipe[key])];
    if (before === after) continue;
    throw new RunError(
      `a run that goes on cannot change its ${key}`,
      `${after} instead of ${before} in ${folder.location}`,
      `leave the --${key} flags out, or start a new run`,
    );
  }
}
