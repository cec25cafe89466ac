import type { Folder } from "../src/files/folder.js";

/** What was asked of a folder: the paths, and the most bytes at once. */
export interface Asked {
  readonly paths: Set<string>;
  mostBytes: number;
}

/** The folder with a note of every path that is read, sub-folders included, and of how much is read at once. */
export function recordingFolder(
  folder: Folder,
  asked: Asked = { paths: new Set(), mostBytes: 0 },
  prefix = "",
): { folder: Folder; asked: Asked } {
  const note =
    <Arguments extends unknown[], Result>(act: (path: string, ...rest: Arguments) => Result) =>
    (path: string, ...rest: Arguments): Result => {
      asked.paths.add(prefix + path);
      return act(path, ...rest);
    };
  const recording = Object.assign(Object.create(folder), {
    read: note(folder.read.bind(folder)),
    readInto: note((path: string, offset: number, target: Uint8Array) => {
      asked.mostBytes = Math.max(asked.mostBytes, target.length);
      return folder.readInto(path, offset, target);
    }),
    size: note(folder.size.bind(folder)),
    list: note(folder.list.bind(folder)),
    folder: (path: string) => recordingFolder(folder.folder(path), asked, `${prefix}${path}/`).folder,
  });
  return { folder: recording, asked };
}
