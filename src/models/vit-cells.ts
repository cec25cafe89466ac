import { slice } from "../core/ops/slice.js";
import { linearWithBias } from "../nn/linear.js";
import { unpatchify } from "../nn/patches.js";
import { type CellEncoder, detectorStride } from "./detector.js";
import { checkDivides } from "./shapes.js";
import { type VitConfig, vit, vitSizes, vitTokens } from "./vit.js";
import { linearParameters } from "./vit-layer.js";

/** Sizes of a vision transformer whose patches are cut into cells. */
export interface VitCellsConfig extends Omit<VitConfig, "pooling"> {
  /** Channels of a cell. */
  readonly mapWidth: number;
}

/**
 * A vision transformer (`vit.ts`, with its names) below a linear layer that gives the patches' tokens the vectors of
 * the 8 x 8 cells inside each (sub-pixel convolution: Shi et al. 2016, section 3.2). The class token takes part and is
 * not read. Throws `ModelError` as `vit` does, and where cells do not fill a patch.
 */
export function vitCells(config: VitCellsConfig): CellEncoder {
  const { channels, height, width, patchSize, embedWidth, mapWidth } = config;
  checkDivides("patchSize", patchSize, "the stride", detectorStride);
  const encoder = vit(config);
  const size = patchSize / detectorStride;
  const grid = { channels: mapWidth, height: height / detectorStride, width: width / detectorStride };
  return {
    channels,
    height,
    width,
    mapWidth,
    parameters: [...encoder.parameters, ...linearParameters("projector", embedWidth, mapWidth * size * size)],
    map(p, images) {
      const [batch] = images.shape;
      const patches = slice(vitTokens(p, images, config), 0, batch);
      return unpatchify(linearWithBias(p, patches, "projector"), { ...grid, batch, size });
    },
    config: () => ({ model_type: "autodidact_vit_cells", ...vitSizes(config), map_width: mapWidth }),
  };
}
