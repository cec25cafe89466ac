import type { Split } from "../images/collection.js";
import { splitNamed } from "../images/split-names.js";
import type { Reading } from "../reading.js";
import type { Edges } from "./boxes.js";
import { type PictureNames, stemOf } from "./picture-names.js";

/** An object as a file describes it, before its picture is looked at. */
export interface AnnotatedObject extends Edges {
  readonly class: string;
  readonly ignored?: boolean;
  readonly area?: number;
}

/** What a file says of one picture. */
export interface Annotation {
  /** One of the set's pictures. */
  readonly picture: string;
  /** The file, and where in it, for messages. */
  readonly source: string;
  readonly split?: Split;
  /** The picture's size as the file has it, where it says one. */
  readonly size?: { readonly width: number; readonly height: number };
  /** What the edges are in: pixels, or shares of the picture's sides. */
  readonly unit: "pixel" | "share";
  readonly objects: readonly AnnotatedObject[];
}

/** All that files of one format say. */
export interface AnnotationSet {
  /** In the format's own order, where it has one; else sorted by code unit. */
  readonly classes: readonly string[];
  readonly annotations: readonly Annotation[];
}

/** What a format is read with. */
export interface AnnotationSource {
  readonly files: readonly string[];
  readonly pictures: PictureNames;
  /** Counts what cannot be used. */
  readonly reading: Reading;
  /** The text of one of the files. Throws `DataError` where it is not UTF-8. */
  text(name: string): Promise<string>;
}

/** A way of writing boxes down. */
export interface AnnotationFormat {
  /** For messages. */
  readonly name: string;
  /** The files that are of this format by their names. */
  candidates(files: readonly string[]): readonly string[];
  /** Undefined where the candidates turn out to be something else. */
  read(source: AnnotationSource): Promise<AnnotationSet | undefined>;
}

/** The picture that a file means; counts one that is not there, and a name written otherwise. */
export function pictureOf(
  { pictures, reading }: AnnotationSource,
  written: string,
  file: string,
): string | undefined {
  const found = pictures.find(written, file);
  if (!found) reading.passOver("the picture of an annotation is not there", `${file}: ${written}`);
  else if (found.isOtherCase) {
    reading.passOver("a picture is written in another case", `${file}: ${written} for ${found.name}`);
  }
  return found?.name;
}

/** The split that the name of a file, or of a folder on the way to it, speaks of; the nearest. */
export function splitOnWay(path: string): Split | undefined {
  const names = stemOf(path).split("/").reverse();
  return names.map((name) => splitNamed(name)?.split).find((split) => split !== undefined);
}

/** The classes of annotations, sorted by code unit. */
export function classesOf(annotations: readonly Annotation[]): string[] {
  const classes = annotations.flatMap(({ objects }) => objects.map((object) => object.class));
  return [...new Set(classes)].sort();
}
