/** `config.json` to a detector. */
import { z } from "zod";
import { denseDetector } from "../models/dense-detector.js";
import type { CellEncoder, Detector } from "../models/detector.js";
import { featurePyramid } from "../models/feature-pyramid.js";
import { vitCells } from "../models/vit-cells.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, type JsonObject } from "./folder-files.js";
import { count, image, labels, vitConfig, vitOf } from "./image-fields.js";

const detectorConfig = z.object({
  id2label: labels.shape.id2label.refine((names) => Object.keys(names).length > 0, "must name a class"),
  backbone_config: z.looseObject({ model_type: z.string() }),
  tower_layers: count,
  groups: count,
});
const featurePyramidConfig = z.object({
  ...image,
  stem_width: count,
  stage_widths: z.array(count).min(2),
  blocks_per_stage: z.array(count).min(2),
  map_width: count,
  groups: count,
});
const vitCellsConfig = z.object({ ...vitConfig.shape, map_width: count });

/** What a detector's `backbone_config` is read as. */
const cellEncoders: Record<string, (config: JsonObject, source: string) => CellEncoder> = {
  autodidact_feature_pyramid: (config, source) =>
    featurePyramidOf(fieldsOf(featurePyramidConfig, config, source)),
  autodidact_vit_cells: (config, source) => vitCellsOf(fieldsOf(vitCellsConfig, config, source)),
};

/** Builds the detector that a config describes. Throws `CheckpointError` naming the field. */
export function detectorFromConfig(config: JsonObject, source: string): Detector {
  const { backbone_config, id2label, ...fields } = fieldsOf(detectorConfig, config, source);
  const { model_type } = backbone_config;
  if (!Object.hasOwn(cellEncoders, model_type)) {
    throw new CheckpointError(
      "the detector stands on a model that is not known",
      `backbone_config.model_type ${JSON.stringify(model_type)} in ${source}`,
      `these can be opened: ${Object.keys(cellEncoders).join(", ")}`,
    );
  }
  const encoder = cellEncoders[model_type](backbone_config, `backbone_config of ${source}`);
  const numClasses = Object.keys(id2label).length;
  const head = { numClasses, towerLayers: fields.tower_layers, groups: fields.groups };
  return denseDetector(encoder, head);
}

const featurePyramidOf = (fields: z.output<typeof featurePyramidConfig>) =>
  featurePyramid({
    channels: fields.channels,
    height: fields.height,
    width: fields.width,
    stemWidth: fields.stem_width,
    stageWidths: fields.stage_widths,
    blocksPerStage: fields.blocks_per_stage,
    mapWidth: fields.map_width,
    groups: fields.groups,
  });

const vitCellsOf = (fields: z.output<typeof vitCellsConfig>) =>
  vitCells({ ...vitOf(fields), mapWidth: fields.map_width });
