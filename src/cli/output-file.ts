/** The file that pictures are drawn into. */
import { stat, writeFile } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { GenerationError } from "../generation/errors.js";

/**
 * `--out` as a whole path. Looked at before anything is drawn: throws `GenerationError` for another kind of file,
 * a folder, or a folder that is not there.
 */
export async function checkPictureFile(out: string | undefined, endings: readonly string[]): Promise<string> {
  if (!out || !endings.includes(extname(out))) {
    throw new GenerationError(
      "there is no file to draw into",
      `--out ${out ?? "is missing"}`,
      `give a file that ends in ${endings.join(", or for an animation of how pictures emerge in ")}.`,
    );
  }
  const path = resolve(out);
  const [place, folder] = await Promise.all(
    [path, dirname(path)].map((name) => stat(name).catch(() => undefined)),
  );
  if (folder?.isDirectory() && !place?.isDirectory()) return path;
  throw new GenerationError(
    "the pictures cannot be written",
    place?.isDirectory() ? `${path} is a folder` : `there is no folder ${dirname(path)}`,
    "give another --out, or make the folder",
  );
}

/** Throws `GenerationError` where the system does not let it be written. */
export async function writePicture(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, bytes).catch((cause: Error) => {
    throw new GenerationError("the pictures cannot be written", cause.message, "give another --out", {
      cause,
    });
  });
}
