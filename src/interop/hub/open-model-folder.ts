import { statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { ggufFolder } from "../gguf/gguf-folder.js";

/** A model on disk by the path that `fetchModel` gives: its folder, or its .gguf file seen as one. */
export function openModelFolder(path: string): Folder {
  return isGgufFile(path) ? ggufFolder(openFolder(dirname(resolve(path))), basename(path)) : openFolder(path);
}

/** Whether a path is that of a GGUF file which is there. */
export function isGgufFile(path: string): boolean {
  return /\.gguf$/i.test(path) && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}
