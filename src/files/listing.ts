import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { glob } from "tinyglobby";

/**
 * The files of a folder and its sub-folders without hidden ones; links that point to nothing are among them. Throws the
 * system's error for a folder that cannot be read.
 */
export async function filesIn(folder: string): Promise<string[]> {
  const files = visible(await glob("**/*", { cwd: folder }));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isSymbolicLink())) {
    const path = join(entry.parentPath ?? entry.path, entry.name); // Node 20.0 has the second
    const isDangling = (await stat(path).catch(() => undefined)) === undefined;
    if (isDangling) files.push(...visible([relative(folder, path).replaceAll(sep, "/")]));
  }
  return files;
}

/** Without hidden files and what macOS adds to archives. */
export function visible(names: readonly string[]): string[] {
  return names.filter((name) => !/(^|\/)(\.|__MACOSX\/)|\/$/.test(name));
}

/** The names whose folder is reached by no shorter path: a path through a loop has one. */
export async function withoutLoops(folder: string, names: readonly string[]): Promise<string[]> {
  const places = new Map<string, { real: string; depth: number }>();
  const shortest = new Map<string, number>();
  for (const place of new Set(names.map((name) => dirname(name)))) {
    const real = await realpath(join(folder, place));
    const depth = place === "." ? 0 : place.split("/").length;
    places.set(place, { real, depth });
    shortest.set(real, Math.min(depth, shortest.get(real) ?? depth));
  }
  return names.filter((name) => {
    const { real, depth } = places.get(dirname(name))!;
    return depth === shortest.get(real);
  });
}
