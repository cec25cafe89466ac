/** Models that find things in pictures. */
import { z } from "zod";
import { exports, open, pictureEndings, type Saved } from "../../images/kinds/saved.js";
import type { ModelKind, Use } from "../../modality.js";
import {
  type Detecting,
  detecting,
  type Measuring,
  measuring,
  type Suggesting,
  suggesting,
} from "./options.js";
import { videoEndings } from "./pictures.js";

const suggest: Use<Saved<"detector">> = {
  verb: "detect",
  summary: "order pictures by how much labelling them would teach",
  options: suggesting,
  askedBy: "suggest",
  inputs: { name: "pictures", endings: pictureEndings },
  makes: { endings: [".json"], each: true, isOptional: true },
  examples: ["runs/cells unlabelled/ --suggest yolo --out labels/"],
  run: async function* (model, request, around) {
    const { suggestAmong } = await import("./suggest.js");
    yield* suggestAmong(model, request, request.options as Suggesting, around);
  },
};

const detect: Use<Saved<"detector">> = {
  verb: "detect",
  summary: "find things in pictures: drawn with --out, counted in a .csv",
  options: detecting,
  inputs: { name: "pictures or videos", endings: [...pictureEndings, ...videoEndings] },
  makes: { endings: [".png", ".jpg", ".csv"], each: true, isOptional: true },
  examples: [
    "runs/cells photos/ --out drawn/",
    "runs/cells photos/ --out counts.csv --json boxes.json",
    "runs/cells map.tif --tile 640 --out map.png",
    "runs/cells door.mp4 --every 2 --out frames/",
  ],
  run: async function* (model, request, around) {
    const { detectIn } = await import("./detect.js");
    yield* detectIn(model, request, request.options as Detecting, around);
  },
};

const evaluate: Use<Saved<"detector">> = {
  verb: "evaluate",
  name: "coco",
  summary: "COCO's average precision of boxes, by size and by class, and how far counts are off",
  options: measuring,
  makes: { endings: [".csv"], isOptional: true },
  examples: ["runs/cells --metric coco", "runs/cells --split test --out curves.csv"],
  run: async function* (model, { options, wanted }, around) {
    const { measureBoxes } = await import("./measure.js");
    yield* measureBoxes(model, options as Measuring, around, wanted !== undefined);
  },
};

export const detector: ModelKind<Saved<"detector">> = {
  name: "detector",
  modelTypes: ["autodidact_dense_detector", "yolos"],
  open,
  uses: [detect, suggest, evaluate],
  exports,
  serving: {
    options: z.object({}),
    examples: ["runs/cells --port 8080"],
    start: async (model, request) => (await import("./serve.js")).serveDetecting(model, request),
  },
};
