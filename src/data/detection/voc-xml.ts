import { SaxesParser, type SaxesTagPlain } from "saxes";
import { DataError } from "../../files/errors.js";
import { className } from "../images/class-name.js";
import type { Split } from "../images/collection.js";
import {
  type AnnotatedObject,
  type Annotation,
  type AnnotationFormat,
  type AnnotationSource,
  classesOf,
  pictureOf,
} from "./annotation.js";
import { stemOf } from "./picture-names.js";

const LISTS = /(^|\/)ImageSets\/Main\/(train|val|trainval|test)\.txt$/i;
const SPLITS: Readonly<Record<string, Split>> = { train: "train", val: "validation", test: "test" };

/**
 * Pascal VOC's XML, a file for each picture, called as it. Edges are pixels counted from 1, the last included. A
 * `difficult` object is ignored. Splits are those of ImageSets/Main, where it is there; trainval is for training where
 * there is no train. [Everingham et al., The PASCAL VOC Challenge 2012 Development Kit, section 8]
 */
export const vocXml: AnnotationFormat = {
  name: "Pascal VOC",
  candidates: (files) => files.filter((name) => /\.xml$/i.test(name)).sort(),
  async read(source) {
    const splits = await listedSplits(source);
    const annotations: Annotation[] = [];
    let isNone = true;
    for (const name of vocXml.candidates(source.files)) {
      const written = await documentIn(name, source);
      if (!written) continue;
      isNone = false;
      const picture = nameOf(written, name, source);
      if (picture === undefined) continue;
      const split = splits.get(stemOf(name.slice(name.lastIndexOf("/") + 1)));
      annotations.push({ ...written, picture, source: name, split, unit: "pixel" });
    }
    return isNone ? undefined : { classes: classesOf(annotations), annotations };
  },
};

type Written = Pick<Annotation, "size" | "objects"> & { readonly fileName: string | undefined };

/** The picture that is called as the file, or else the one that it names: files that were renamed keep the old name. */
function nameOf({ fileName }: Written, file: string, source: AnnotationSource): string | undefined {
  const own = stemOf(file.slice(file.lastIndexOf("/") + 1));
  const isThere = source.pictures.find(own, file) !== undefined;
  return pictureOf(source, isThere ? own : (fileName ?? own), file);
}

/** The split of pictures by their names without ending. */
async function listedSplits({ files, text }: AnnotationSource): Promise<Map<string, Split>> {
  const lists = new Map(
    files.flatMap((file) => (LISTS.test(file) ? [[LISTS.exec(file)![2].toLowerCase(), file]] : [])),
  );
  const splits = new Map<string, Split>();
  for (const [list, file] of lists) {
    if (list === "trainval" && lists.has("train")) continue;
    for (const line of (await text(file)).split("\n")) {
      const [name] = line.trim().split(/\s+/);
      if (name) splits.set(name, SPLITS[list] ?? "train");
    }
  }
  return splits;
}

/** What a file says; undefined where it is no annotation. */
async function documentIn(name: string, { text, reading }: AnnotationSource): Promise<Written | undefined> {
  const found = new Document();
  try {
    found.parser.write(await text(name)).close();
    return found.written(name, reading);
  } catch (error) {
    if (found.isOther) return undefined;
    reading.refuse(error instanceof DataError ? error : notXml(name, error as Error));
    return undefined;
  }
}

/** The texts of an annotation by their path from its root. */
class Document {
  readonly parser = new SaxesParser();
  /** Whether the root is called otherwise. */
  isOther = false;
  private readonly way: string[] = [];
  private text = "";
  private readonly texts = new Map<string, string>();
  private readonly objects: Map<string, string>[] = [];

  constructor() {
    this.parser.on("opentag", (tag) => this.open(tag));
    this.parser.on("closetag", () => this.close());
    for (const event of ["text", "cdata"] as const) {
      this.parser.on(event, (text) => {
        this.text += text;
      });
    }
    this.parser.on("error", (cause) => {
      throw cause;
    });
  }

  written(name: string, reading: AnnotationSource["reading"]): Written | undefined {
    if (this.isOther) return undefined;
    const [width, height] = ["size/width", "size/height"].map((path) => Number(this.texts.get(path)));
    const objects = this.objects.flatMap((texts, i) => {
      const object = objectOf(texts);
      if (!object) reading.passOver("an object has no name", `${name}, object ${i + 1}`);
      return object ?? [];
    });
    if (!(width > 0 && height > 0)) {
      reading.passOver("an annotation has no size of its picture, whose own is taken", name);
    }
    return {
      fileName: this.texts.get("filename") || undefined,
      size: width > 0 && height > 0 ? { width, height } : undefined,
      objects,
    };
  }

  private open({ name }: SaxesTagPlain): void {
    if (this.way.length === 0 && name !== "annotation") this.isOther = true;
    this.way.push(name);
    this.text = "";
    if (this.path === "object") this.objects.push(new Map());
  }

  private close(): void {
    const { path } = this;
    if (path.startsWith("object/")) this.objects.at(-1)!.set(path.slice("object/".length), this.text.trim());
    else this.texts.set(path, this.text.trim());
    this.way.pop();
    this.text = "";
  }

  private get path(): string {
    return this.way.slice(1).join("/");
  }
}

/** An object whose last edge is before its first, or the same, has no area, though both pixels are included. */
function objectOf(texts: ReadonlyMap<string, string>): AnnotatedObject | undefined {
  const edge = (name: string) => Number(texts.get(`bndbox/${name}`) || Number.NaN);
  const named = className(texts.get("name") ?? "");
  if (named === "") return undefined;
  const [left, top, right, bottom] = [edge("xmin") - 1, edge("ymin") - 1, edge("xmax"), edge("ymax")];
  const place = {
    left,
    top,
    right: right === left + 1 ? left : right,
    bottom: bottom === top + 1 ? top : bottom,
  };
  const isDifficult = (texts.get("difficult") || "0") !== "0";
  return { ...place, class: named, ...(isDifficult && { ignored: true }) };
}

function notXml(path: string, cause: Error): DataError {
  return new DataError(
    "an annotation is no XML",
    `${path}:${cause.message}`,
    "export it again, repair it, or remove it",
    { cause },
  );
}
