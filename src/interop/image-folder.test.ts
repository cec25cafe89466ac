import { describe, expect, it } from "vitest";
import { memoryFolder } from "../files/memory.js";
import { denseDetector } from "../models/dense-detector.js";
import type { Detector } from "../models/detector.js";
import { featurePyramid } from "../models/feature-pyramid.js";
import { ModelError } from "../models/shapes.js";
import { vitCells } from "../models/vit-cells.js";
import { CheckpointError } from "./errors.js";
import { readJson } from "./folder-files.js";
import { encoderOf, imageModelFromConfig } from "./image-config.js";
import { openImageModel, saveImageModel } from "./image-folder.js";
import type { NamedArray } from "./safetensors.js";

const size = { channels: 3, height: 16, width: 32 };
const head = { numClasses: 2, towerLayers: 1, groups: 2 };
const pyramid = denseDetector(
  featurePyramid({
    ...{ ...size, stemWidth: 2, stageWidths: [2, 4, 6], blocksPerStage: [1, 2, 1] },
    ...{ mapWidth: 4, groups: 2 },
  }),
  head,
);
const transformer = denseDetector(
  vitCells({
    ...{ ...size, patchSize: 16, embedWidth: 8, numLayers: 2, numHeads: 2 },
    ...{ mlpWidth: 12, mapWidth: 4 },
  }),
  { ...head, numClasses: 1, towerLayers: 2 },
);
const plain = { objective: { kind: "denseDetection" }, generation: { overlap: 0.5, threshold: 0.35 } };

/** Numbers that differ from parameter to parameter. */
const weightsOf = ({ parameters }: Detector): Map<string, NamedArray> =>
  new Map(
    parameters.map(({ name, shape }, n) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      return [name, { shape, data: data.map((_, i) => ((i + n) % 64) / 64) }];
    }),
  );

describe("a folder with a detector", () => {
  it.each([
    ["a feature pyramid", pyramid, ["cup", "lid"]],
    ["a vision transformer's cells", transformer, ["thing"]],
  ])("gives one over %s back", async (_, detector, classes) => {
    const folder = memoryFolder();
    const notes = { ...plain, classes };
    await saveImageModel(folder, detector, weightsOf(detector), notes);
    const opened = await openImageModel(folder);
    const { kind, model, weights, ...rest } = opened;
    expect(kind).toBe("detector");
    expect(model.config()).toEqual(detector.config());
    expect(weights).toEqual(weightsOf(detector));
    expect(rest).toEqual(notes);
    expect(encoderOf(opened)).toBeUndefined();
  });

  it("says how pictures are stretched for it", async () => {
    const folder = memoryFolder();
    await saveImageModel(folder, pyramid, weightsOf(pyramid), { ...plain, classes: ["cup", "lid"] });
    expect(await readJson(folder, "preprocessor_config.json")).toMatchObject({
      image_processor_type: "YolosImageProcessor",
      do_pad: false,
      resample: 1,
      size: { height: 16, width: 32 },
      image_mean: [0.5, 0.5, 0.5],
    });
  });
});

describe("a detector's config", () => {
  const changed = (detector: Detector, change: object, backbone: object = {}) => {
    const config = detector.config();
    const { backbone_config } = config as { backbone_config: object };
    const whole = { ...config, backbone_config: { ...backbone_config, ...backbone }, ...change };
    return () => imageModelFromConfig(whole, "config.json");
  };

  it.each([
    ["backbone_config", undefined],
    ["backbone_config", "resnet50"],
    ["backbone_config", { model_type: "resnet" }],
    ["backbone_config", { model_type: "constructor" }],
    ["tower_layers", 0],
    ["groups", -1],
    ["id2label", {}],
    ["id2label", undefined],
  ])("with %s %j is refused by that name", (field, value) => {
    const open = changed(pyramid, { [field]: value });
    expect(open).toThrow(CheckpointError);
    expect(open).toThrow(field);
  });

  it.each([
    [pyramid, "stage_widths", [4]],
    [pyramid, "blocks_per_stage", undefined],
    [pyramid, "channels", 5],
    [pyramid, "map_width", "4"],
    [transformer, "map_width", undefined],
    [transformer, "hidden_act", "relu"],
    [transformer, "image_size", 0],
  ])("over another model, $1 $2, is refused by that name", (detector, field, value) => {
    const open = changed(detector, {}, { [field]: value });
    expect(open).toThrow(CheckpointError);
    expect(open).toThrow(new RegExp(`${field}.* in backbone_config of config\\.json`));
  });

  it("whose sizes do not go together is refused by the model", () => {
    expect(changed(pyramid, { groups: 3 })).toThrow(ModelError);
    expect(changed(pyramid, {}, { blocks_per_stage: [1, 1] })).toThrow(ModelError);
    expect(changed(transformer, {}, { patch_size: 12 })).toThrow(ModelError);
  });
});
