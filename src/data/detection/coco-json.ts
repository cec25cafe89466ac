import { z } from "zod";
import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import { className } from "../images/class-name.js";
import {
  type AnnotatedObject,
  type Annotation,
  type AnnotationFormat,
  type AnnotationSource,
  pictureOf,
  splitOnWay,
} from "./annotation.js";

const id = z.union([z.number(), z.string()]);
const category = z.object({ id, name: z.string() });
const picture = z.object({
  id,
  file_name: z.string(),
  width: z.number().nullish(),
  height: z.number().nullish(),
});
const object = z.object({
  image_id: id,
  category_id: id,
  bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
  iscrowd: z.union([z.number(), z.boolean()]).nullish(),
  area: z.number().nullish(),
});
const file = z.object({
  images: z.array(z.unknown()),
  annotations: z.array(z.unknown()),
  categories: z.array(category).min(1),
});

type File = z.infer<typeof file>;

/**
 * COCO's JSON: `bbox` from left, top, width and height, classes by the order of their ids, which may have holes. What
 * `iscrowd` marks is ignored, outlines and runs of pixels are not read, an image without objects is background.
 * [https://cocodataset.org/#format-data]
 */
export const cocoJson: AnnotationFormat = {
  name: "COCO",
  candidates: (files) => files.filter((name) => /\.json$/i.test(name)).sort(),
  async read(source) {
    const categories = new Map<string, string>();
    const annotations: Annotation[] = [];
    for (const name of cocoJson.candidates(source.files)) {
      const found = await fileOf(name, source);
      if (!found) continue;
      for (const one of found.categories) categories.set(`${one.id}`, className(one.name));
      for (const one of annotationsIn(name, found, source)) annotations.push(one);
    }
    if (categories.size === 0) return undefined;
    const numbered = [...categories].sort(([a], [b]) => Number(a) - Number(b) || (a < b ? -1 : 1));
    return { classes: [...new Set(numbered.map(([, name]) => name))], annotations };
  },
};

async function fileOf(name: string, { text, reading }: AnnotationSource): Promise<File | undefined> {
  const written = await text(name);
  if (!written.includes('"categories"')) return undefined;
  try {
    return file.safeParse(parseJson(written)).data;
  } catch (cause) {
    reading.refuse(
      new DataError(
        "a COCO file is no JSON",
        `${name}: ${(cause as Error).message}`,
        "export it again, or remove it",
        { cause },
      ),
    );
    return undefined;
  }
}

function annotationsIn(name: string, found: File, source: AnnotationSource): Annotation[] {
  const objects = objectsIn(name, found, source);
  const split = splitOnWay(name);
  const annotations = found.images.flatMap((item, i): Annotation[] => {
    const image = picture.safeParse(item).data;
    if (!image) source.reading.passOver("an image has no id or no file_name", `${name}, image ${i}`);
    if (!image) return [];
    const own = objects.get(`${image.id}`) ?? [];
    objects.delete(`${image.id}`);
    const known = pictureOf(source, image.file_name, name);
    if (known === undefined) return [];
    const { width, height } = image;
    const size = width && height ? { width, height } : undefined;
    const place = `${name}: ${image.file_name}`;
    return [{ picture: known, source: place, split, size, unit: "pixel", objects: own }];
  });
  for (const [image, { length }] of objects) {
    source.reading.passOver("boxes are of an image that is not listed", `${name}: ${length} of id ${image}`);
  }
  return annotations;
}

/** The objects by the id of their image. */
function objectsIn(
  name: string,
  { annotations, categories }: File,
  { reading }: AnnotationSource,
): Map<string, AnnotatedObject[]> {
  const classes = new Map(categories.map((one) => [`${one.id}`, className(one.name)]));
  const objects = new Map<string, AnnotatedObject[]>();
  const read = annotations.map((item) => object.safeParse(item).data);
  requireListed(name, new Set(read.flatMap((one) => (one ? [`${one.category_id}`] : []))), classes);
  for (const [i, one] of read.entries()) {
    const place = `${name}, annotation ${i}`;
    if (!one) {
      reading.passOver("an annotation has no bbox of four numbers, image_id or category_id", place);
      continue;
    }
    const named = classes.get(`${one.category_id}`);
    if (named === undefined) {
      reading.passOver("a box is of a category that is not listed", `${place}: ${one.category_id}`);
      continue;
    }
    const own = objects.get(`${one.image_id}`);
    if (own) own.push(objectOf(one, named));
    else objects.set(`${one.image_id}`, [objectOf(one, named)]);
  }
  return objects;
}

function objectOf({ bbox, iscrowd, area }: z.infer<typeof object>, named: string): AnnotatedObject {
  const [left, top, width, height] = bbox;
  return {
    ...{ left, top, right: left + width, bottom: top + height, class: named },
    ...(iscrowd && { ignored: true }),
    ...(area && { area }),
  };
}

/** Throws where no box has the last category, some have none, and with one more all would have theirs. */
function requireListed(name: string, used: ReadonlySet<string>, classes: ReadonlyMap<string, string>): void {
  const isNext = (step: number) => [...used].every((one) => classes.has(`${Number(one) + step}`));
  const isOff = [1, -1].some((step) => isNext(step)) && [...used].some((one) => !classes.has(one));
  if (used.size < classes.size || !isOff) return;
  throw new DataError(
    "the category ids of boxes are off by one",
    `${name}: boxes have ${[...used].sort().join(", ")}, categories are ${[...classes.keys()].join(", ")}`,
    "give boxes the ids of the categories",
  );
}
