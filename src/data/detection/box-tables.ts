import { DataError } from "../../files/errors.js";
import { className } from "../images/class-name.js";
import { csvRows } from "../images/csv.js";
import { splitNamed } from "../images/split-names.js";
import {
  type AnnotatedObject,
  type Annotation,
  type AnnotationFormat,
  type AnnotationSource,
  classesOf,
  pictureOf,
  splitOnWay,
} from "./annotation.js";

/** What columns are called, the first that is there. */
const COLUMNS = {
  picture: ["filename", "file_name", "image", "image_path", "image_id", "path"],
  class: ["class", "label", "class_name", "category", "name"],
  left: ["xmin", "x_min", "left", "x1"],
  top: ["ymin", "y_min", "top", "y1"],
  right: ["xmax", "x_max", "right", "x2"],
  bottom: ["ymax", "y_max", "bottom", "y2"],
  split: ["split", "set"],
} as const;
/** keras-retinanet's, which has no line of names. */
const WITHOUT_NAMES = ["path", "x1", "y1", "x2", "y2", "class"];

type Row = Readonly<Record<keyof typeof COLUMNS | "width" | "height", string | undefined>>;

/**
 * Tables of comma-separated values, a box a row: picture, class, and its edges in pixels, as xmin, ymin, xmax, ymax or
 * under like names; width and height of the picture and its split are read where they are there. A row without class
 * and edges is a picture of background. Without a line of names: path, x1, y1, x2, y2, class.
 */
export const boxTables: AnnotationFormat = {
  name: "CSV",
  candidates: (files) => files.filter((name) => /\.csv$/i.test(name)).sort(),
  async read(source) {
    const annotations = new Map<string, Annotation & { objects: AnnotatedObject[] }>();
    let isNone = true;
    for (const name of boxTables.candidates(source.files)) {
      const rows = await rowsOf(name, source);
      if (!rows) continue;
      isNone = false;
      const pictures = new Map<string, string | undefined>();
      for (const [i, row] of rows.entries()) {
        const written = row.picture ?? "";
        if (!pictures.has(written)) pictures.set(written, pictureOf(source, written, name));
        const picture = pictures.get(written);
        if (picture === undefined) continue;
        const known = annotations.get(picture) ?? annotationOf(row, picture, name);
        annotations.set(picture, known);
        const object = objectOf(row);
        if (object) known.objects.push(object);
        else if (row.class || row.left) {
          source.reading.passOver("a row has no class or not four edges", `${name}, row ${i + 1}`);
        }
      }
    }
    if (isNone) return undefined;
    const all = [...annotations.values()];
    return { classes: classesOf(all), annotations: all };
  },
};

async function rowsOf(name: string, { text }: AnnotationSource): Promise<Row[] | undefined> {
  const table = tableOf(name, await text(name));
  const isNamed = (names: readonly string[]) =>
    (["picture", "left", "top", "right", "bottom"] as const).every((key) =>
      COLUMNS[key].some((column) => names.includes(column)),
    );
  const names = table[0]?.map((column) => column.trim().toLowerCase()) ?? [];
  if (isNamed(names)) return table.slice(1).map((row) => rowOf(names, row));
  const isPlain = table.length > 0 && table.every((row) => row.length === WITHOUT_NAMES.length);
  const hasEdges = table.some(
    (row) => row[1] !== "" && row.slice(1, 5).every((edge) => !Number.isNaN(Number(edge))),
  );
  return isPlain && hasEdges ? table.map((row) => rowOf(WITHOUT_NAMES, row)) : undefined;
}

function tableOf(name: string, text: string): string[][] {
  try {
    return csvRows(text);
  } catch (cause) {
    throw new DataError(
      "a table cannot be read",
      `${name}: ${(cause as Error).message}`,
      "correct it, or move it elsewhere",
      { cause },
    );
  }
}

function rowOf(names: readonly string[], row: readonly string[]): Row {
  const cell = (columns: readonly string[]) => {
    const at = columns.map((column) => names.indexOf(column)).find((index) => index >= 0);
    return at === undefined ? undefined : row[at]?.trim() || undefined;
  };
  return {
    picture: cell(COLUMNS.picture),
    class: cell(COLUMNS.class),
    left: cell(COLUMNS.left),
    top: cell(COLUMNS.top),
    right: cell(COLUMNS.right),
    bottom: cell(COLUMNS.bottom),
    split: cell(COLUMNS.split),
    width: cell(["width"]),
    height: cell(["height"]),
  };
}

function annotationOf(row: Row, picture: string, file: string): Annotation & { objects: AnnotatedObject[] } {
  const [width, height] = [Number(row.width), Number(row.height)];
  return {
    picture,
    source: file,
    split: splitNamed(row.split ?? "")?.split ?? splitOnWay(file),
    size: width > 0 && height > 0 ? { width, height } : undefined,
    unit: "pixel",
    objects: [],
  };
}

function objectOf({ left, top, right, bottom, ...row }: Row): AnnotatedObject | undefined {
  if (!row.class || !left || !top || !right || !bottom) return undefined;
  const [l, t, r, b] = [left, top, right, bottom].map(Number);
  return { left: l, top: t, right: r, bottom: b, class: className(row.class) };
}
