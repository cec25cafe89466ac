import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MissingFileError } from "../../files/errors.js";

/** Where Debian's packages of soundfonts put them. */
const SYSTEM_FOLDER = "/usr/share/sounds/sf2";

/** A soundfont's file. */
export interface Soundfont {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * The soundfont at a path; without one the first of the system's, by name, or none.
 * @throws MissingFileError for a path that cannot be read.
 */
export async function findSoundfont(path?: string, folder = SYSTEM_FOLDER): Promise<Soundfont | undefined> {
  if (path !== undefined) return { path, bytes: await readFile(path).catch((cause) => missing(path, cause)) };
  const names = await readdir(folder).catch(() => []);
  const name = names.filter((found) => /\.sf[23]$/i.test(found)).sort()[0];
  if (name === undefined) return undefined;
  return findSoundfont(join(folder, name));
}

function missing(path: string, cause: Error): never {
  const advice = "give a .sf2 or .sf3 file, such as that of Debian's package timgm6mb-soundfont";
  throw new MissingFileError("the soundfont is not there", `${path}: ${cause.message}`, advice, { cause });
}
