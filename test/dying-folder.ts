import type { Folder } from "../src/files/folder.js";

/** The folder as a process sees it that is killed at the n-th write. */
export function dyingFolder(folder: Folder, writes: number): Folder {
  let left = writes;
  const dying =
    <Arguments extends unknown[]>(act: (...args: Arguments) => Promise<void>) =>
    async (...args: Arguments) => {
      if (left-- <= 0) throw new Error("killed");
      return act(...args);
    };
  const wrap = (inner: Folder): Folder =>
    Object.assign(Object.create(inner), {
      write: dying(inner.write.bind(inner)),
      append: dying(inner.append.bind(inner)),
      folder: (path: string) => wrap(inner.folder(path)),
    });
  return wrap(folder);
}
