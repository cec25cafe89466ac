import { posix } from "node:path";

/** The picture that a name means, and whether it is written as the picture is. */
export interface FoundPicture {
  readonly name: string;
  readonly isOtherCase: boolean;
}

/** The pictures of a set by what files call them. */
export class PictureNames {
  private readonly known: ReadonlySet<string>;
  private readonly byKey = new Map<string, string[]>();

  constructor(readonly all: readonly string[]) {
    this.known = new Set(all);
    for (const name of all) {
      for (const key of new Set([keyOf(name), keyOf(stemOf(name))])) {
        this.byKey.set(key, [...(this.byKey.get(key) ?? []), name]);
      }
    }
  }

  /**
   * The picture that a file calls by a path, a name, or a name without its ending: beside the file, from the folder of
   * the set, or in the folder that shares most names with the way to the file, as images/train does with labels/train.
   */
  find(written: string, file: string): FoundPicture | undefined {
    const path = written.replaceAll("\\", "/");
    const exact = [posix.join(posix.dirname(file), path), posix.normalize(path)];
    const found = exact.find((name) => this.known.has(name));
    if (found !== undefined) return { name: found, isOtherCase: false };
    const way = new Set([...posix.dirname(file).split("/"), ...posix.dirname(path).split("/")]);
    const likeness = (name: string) =>
      2 *
        posix
          .dirname(name)
          .split("/")
          .filter((folder) => way.has(folder)).length +
      Number(baseOf(name).startsWith(baseOf(path)));
    const candidates = (this.byKey.get(keyOf(path)) ?? []).toSorted((a, b) => likeness(b) - likeness(a));
    const [name] = candidates;
    return name === undefined ? undefined : { name, isOtherCase: !baseOf(name).startsWith(baseOf(path)) };
  }
}

/** A path without the ending of its file. */
export function stemOf(path: string): string {
  return path.slice(0, path.length - posix.extname(path).length);
}

function baseOf(path: string): string {
  return posix.basename(path).normalize("NFC");
}

function keyOf(path: string): string {
  return baseOf(path).toLowerCase();
}
