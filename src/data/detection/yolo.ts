import { posix } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { DataError } from "../../files/errors.js";
import { className } from "../images/class-name.js";
import type { Split } from "../images/collection.js";
import type { Reading } from "../reading.js";
import type { AnnotatedObject, Annotation, AnnotationFormat, AnnotationSource } from "./annotation.js";
import { stemOf } from "./picture-names.js";
import { labelPath } from "./write-boxes.js";

const NAMES = /(^|\/)(classes\.txt|[^/]+\.names)$/i;
const SPLITS = { train: "train", val: "validation", valid: "validation", test: "test" } as const;

const paths = z.union([z.string().transform((path) => [path]), z.array(z.string())]).nullish();
const dataYaml = z.object({
  names: z.union([z.array(z.coerce.string()), z.record(z.string(), z.coerce.string())]),
  path: z.string().nullish(),
  ...{ train: paths, val: paths, valid: paths, test: paths },
});

/** What a set says of itself. */
interface Description {
  /** By class number; undefined where nothing names them. */
  readonly names: ReadonlyMap<number, string> | undefined;
  readonly splits: ReadonlyMap<string, Split>;
}

/**
 * YOLO's text files: `class cx cy w h` in shares of the sides, one object a line; of an outline the box around it. A file
 * lies beside its picture, or in labels/ where that is in images/; one without lines is background. Names and splits are
 * those of a data.yaml; names else those of classes.txt or of a file .names, or the numbers.
 * [https://docs.ultralytics.com/datasets/detect/]
 */
export const yolo: AnnotationFormat = {
  name: "YOLO",
  candidates: (files) => files.filter((name) => /\.txt$/i.test(name) && !NAMES.test(name)).sort(),
  async read(source) {
    const candidates = new Set(yolo.candidates(source.files));
    const labelled = source.pictures.all.flatMap((picture) => {
      const file = labelFiles(picture).find((name) => candidates.has(name));
      return file === undefined ? [] : [{ picture, file }];
    });
    if (labelled.length === 0) return undefined;
    const { names, splits } = await descriptionIn(source);
    const lines: Line[][] = [];
    for (const { file } of labelled) lines.push(linesOf(file, await source.text(file), source.reading));
    const used = new Set(lines.flat().map(({ number }) => number));
    if (names) requireNamed(used, names);
    const nameOf = (number: number) => (names ? names.get(number) : `${number}`);
    const annotations = labelled.map(({ picture, file }, i): Annotation => {
      const objects = lines[i].flatMap((line) => objectOf(line, nameOf(line.number), source.reading));
      return { picture, source: file, split: splits.get(picture), unit: "share", objects };
    });
    countAlone(new Set(labelled.map(({ file }) => file)), [...candidates], source.reading);
    const numbers = names ? [...names.keys()] : [...used];
    const classes = numbers.sort((a, b) => a - b).map((number) => nameOf(number)!);
    return { classes: [...new Set(classes)], annotations };
  },
};

function labelFiles(picture: string): string[] {
  return [labelPath(picture), `${stemOf(picture)}.txt`];
}

async function descriptionIn(source: AnnotationSource): Promise<Description> {
  for (const file of source.files.filter((name) => /\.ya?ml$/i.test(name)).sort()) {
    const found = dataYaml.safeParse(yamlOf(file, await source.text(file))).data;
    if (!found) continue;
    const named = Object.entries(found.names).map(
      ([number, name]) => [Number(number), className(name)] as const,
    );
    const splits = new Map<string, Split>();
    for (const key of ["test", "val", "valid", "train"] as const) {
      for (const path of found[key] ?? []) {
        const pictures = await picturesAt(path, found.path ?? "", file, source);
        for (const picture of pictures) splits.set(picture, SPLITS[key]);
      }
    }
    return { names: new Map(named), splits };
  }
  const list = source.files
    .filter((name) => NAMES.test(name))
    .sort()
    .at(0);
  if (list === undefined) return { names: undefined, splits: new Map() };
  const names = (await source.text(list))
    .trim()
    .split(/\r?\n/)
    .map((name) => className(name.trim()));
  return { names: new Map(names.map((name, number) => [number, name])), splits: new Map() };
}

function yamlOf(file: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new DataError(
      "a file is no YAML",
      `${file}: ${(cause as Error).message.split("\n")[0]}`,
      "correct it, or move it elsewhere",
      { cause },
    );
  }
}

/** Those in a folder, or that a file lists; a path is from the description's `path`, its folder, or, as Roboflow's, none. */
async function picturesAt(
  path: string,
  root: string,
  file: string,
  { files, pictures, text }: AnnotationSource,
): Promise<string[]> {
  const inside = path.replace(/^(\.{0,2}\/)+/, "").replace(/\/+$/, "");
  const here = posix.dirname(file);
  const places = [posix.join(here, root, path), posix.join(here, path), posix.join(here, inside), inside];
  const list = places.find((place) => files.includes(place));
  if (list !== undefined) {
    const lines = (await text(list)).split(/\r?\n/).filter((line) => line.trim() !== "");
    return lines.flatMap((line) => pictures.find(line.trim(), list)?.name ?? []);
  }
  const within = (place: string) =>
    pictures.all.filter((name) => place === "." || name.startsWith(`${place}/`));
  return places.map((place) => within(posix.normalize(place))).find(({ length }) => length > 0) ?? [];
}

interface Line {
  readonly number: number;
  readonly shares: readonly number[];
  readonly place: string;
}

function linesOf(file: string, text: string, reading: Reading): Line[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    const [number, ...shares] = line.trim().split(/\s+/).map(Number);
    const place = `${file}:${i + 1}`;
    const isOutline = shares.length >= 6 && shares.length % 2 === 0;
    if (
      Number.isInteger(number) &&
      number >= 0 &&
      (isOutline || shares.length === 4 || shares.length === 5)
    ) {
      return [{ number, shares, place }];
    }
    reading.passOver("a line is no class number with four shares", `${place}: ${line.trim().slice(0, 60)}`);
    return [];
  });
}

function objectOf({ shares, place }: Line, named: string | undefined, reading: Reading): AnnotatedObject[] {
  if (named === undefined) {
    reading.passOver("a class number has no name", place);
    return [];
  }
  if (shares.length > 5) {
    const [across, down] = [0, 1].map((axis) => shares.filter((_, i) => i % 2 === axis));
    const [left, top, right, bottom] = [
      Math.min(...across),
      Math.min(...down),
      Math.max(...across),
      Math.max(...down),
    ];
    return [{ left, top, right, bottom, class: named }];
  }
  const [x, y, width, height] = shares;
  const [left, right] = [x - width / 2, x + width / 2];
  return [{ left, top: y - height / 2, right, bottom: y + height / 2, class: named }];
}

/** Throws where numbers run from 1 to the number of names. */
function requireNamed(used: ReadonlySet<number>, names: ReadonlyMap<number, string>): void {
  if (!names.has(0) || used.has(0) || !used.has(names.size)) return;
  throw new DataError(
    "the class numbers of YOLO's files are off by one",
    `they go from ${Math.min(...used)} to ${Math.max(...used)}, the ${names.size} names are numbered from 0`,
    "subtract 1 from each, or name class 0",
  );
}

/** Counts files among those with labels that no picture is called as. */
function countAlone(read: ReadonlySet<string>, candidates: readonly string[], reading: Reading): void {
  const folders = new Set([...read].map((name) => posix.dirname(name)));
  const alone = candidates.filter((name) => !read.has(name) && folders.has(posix.dirname(name)));
  for (const name of alone) reading.passOver("the picture of an annotation is not there", name);
}
