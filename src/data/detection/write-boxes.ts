import type { BoxedPicture } from "./boxes.js";
import { stemOf } from "./picture-names.js";

/** Formats that tools for annotation read. */
export type WrittenFormat = "coco" | "voc" | "yolo";

/** A picture, and the boxes to write for it. */
export type PictureWithBoxes = Pick<BoxedPicture, "name" | "width" | "height" | "boxes">;

/**
 * The files that describe boxes, by their paths beside the pictures: for COCO annotations.json, for Pascal VOC
 * Annotations/, for YOLO data.yaml and a text file beside each picture, or in labels/ for one in images/. Pascal VOC has
 * whole pixels; YOLO has no ignored boxes, which are left out.
 */
export function annotationFiles(
  format: WrittenFormat,
  pictures: readonly PictureWithBoxes[],
  classes: readonly string[],
): Map<string, string> {
  if (format === "coco") return new Map([["annotations.json", cocoText(pictures, classes)]]);
  if (format === "voc") {
    return new Map(
      pictures.map((picture) => [`Annotations/${stemOf(picture.name)}.xml`, vocText(picture, classes)]),
    );
  }
  const labels = pictures.map((picture) => [labelPath(picture.name), yoloText(picture)] as const);
  const names = classes.map((name, number) => `  ${number}: ${JSON.stringify(name)}\n`).join("");
  return new Map([["data.yaml", `names:\n${names}`], ...labels]);
}

/** Where YOLO's tools look for the labels of a picture. */
export function labelPath(picture: string): string {
  const folders = `${stemOf(picture)}.txt`.split("/");
  const at = folders.lastIndexOf("images");
  return (at < 0 ? folders : folders.with(at, "labels")).join("/");
}

/** Ids are from 1: pycocotools takes annotation 0 for none. */
function cocoText(pictures: readonly PictureWithBoxes[], classes: readonly string[]): string {
  const annotations = pictures.flatMap(({ boxes }, picture) =>
    boxes.map(({ left, top, right, bottom, label, ignored, area }) => {
      const [width, height] = [right - left, bottom - top];
      return {
        image_id: picture + 1,
        category_id: label + 1,
        bbox: [left, top, width, height],
        area: area ?? width * height,
        iscrowd: Number(ignored === true),
      };
    }),
  );
  const file = {
    images: pictures.map(({ name, width, height }, i) => ({ id: i + 1, file_name: name, width, height })),
    categories: classes.map((name, i) => ({ id: i + 1, name })),
    annotations: annotations.map((annotation, i) => ({ id: i + 1, ...annotation })),
  };
  return `${JSON.stringify(file)}\n`;
}

function vocText({ name, width, height, boxes }: PictureWithBoxes, classes: readonly string[]): string {
  const objects = boxes.map(({ left, top, right, bottom, label, ignored }) => {
    const edges = { xmin: left + 1, ymin: top + 1, xmax: right, ymax: bottom };
    const written = Object.entries(edges).map(([edge, at]) => `<${edge}>${Math.round(at)}</${edge}>`);
    const difficult = Number(ignored === true);
    return (
      `  <object>\n    <name>${escaped(classes[label])}</name>\n    <difficult>${difficult}</difficult>\n` +
      `    <bndbox>${written.join("")}</bndbox>\n  </object>\n`
    );
  });
  return (
    `<annotation>\n  <filename>${escaped(name)}</filename>\n` +
    `  <size><width>${width}</width><height>${height}</height><depth>3</depth></size>\n${objects.join("")}</annotation>\n`
  );
}

function yoloText({ width, height, boxes }: PictureWithBoxes): string {
  const lines = boxes.flatMap(({ left, top, right, bottom, label, ignored }) => {
    if (ignored) return [];
    const x = (left + right) / 2 / width;
    const y = (top + bottom) / 2 / height;
    return [[label, x, y, (right - left) / width, (bottom - top) / height].join(" ")];
  });
  return lines.map((line) => `${line}\n`).join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
