/** Small pictures and models of them, made by arithmetic. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { openFolder } from "../src/files/disk.js";
import { saveImageModel } from "../src/interop/image-folder.js";
import { imageClassifier } from "../src/models/image-classifier.js";
import type { ImageModel } from "../src/models/image-model.js";
import { maskedAutoencoder } from "../src/models/mae.js";
import { resnet } from "../src/models/resnet.js";
import { adamw } from "../src/optim/adamw.js";
import { layOut } from "../src/optim/layout.js";
import { initialiseAll, weightsOf } from "../src/training/weights.js";

/** PNG files in a folder a class: `bars` that stand and `bands` that lie, each of another colour and place. */
export async function makePictures(
  folder: string,
  { size = 8, perClass = 10 }: { size?: number; perClass?: number } = {},
): Promise<void> {
  for (const name of ["bands", "bars"]) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const pixels = new Uint8Array(size * size * 3);
      for (let place = 0; place < size * size; place++) {
        const [y, x] = [Math.floor(place / size), place % size];
        const along = ((name === "bars" ? x : y) + i) % size;
        if (along < size / 2) pixels.set([255, (40 * i) % 256, (90 * i) % 256], 3 * place);
      }
      const image = sharp(pixels, { raw: { width: size, height: size, channels: 3 } });
      await image.png().toFile(join(folder, name, `${i}.png`));
    }
  }
}

/** A masked autoencoder with fresh weights, as a model folder. */
export async function makeEncoder(folder: string, size = 8): Promise<void> {
  const sizes = {
    channels: 3,
    height: size,
    width: size,
    patchSize: 4,
    embedWidth: 16,
    numLayers: 1,
    numHeads: 2,
  };
  const model = maskedAutoencoder({
    ...sizes,
    mlpWidth: 32,
    decoderWidth: 8,
    decoderLayers: 1,
    decoderHeads: 2,
  });
  await saveFresh(folder, model, []);
}

/** A residual network with fresh weights that tells these classes apart, as a model folder. */
export async function makeClassifier(
  folder: string,
  size: number,
  classes: readonly string[],
): Promise<void> {
  const sizes = { channels: 3, height: size, width: size, baseWidth: 8, blocksPerStage: [1], groups: 4 };
  await saveFresh(folder, imageClassifier(resnet(sizes), classes.length), classes);
}

/** A model with fresh weights, as a folder. */
export async function saveFresh(
  folder: string,
  model: ImageModel,
  classes: readonly string[],
): Promise<void> {
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 1);
  const notes = { classes, objective: {}, generation: {} };
  await saveImageModel(openFolder(folder), model, weightsOf(layout, flat), notes);
}
