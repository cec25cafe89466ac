/** A small task of every family of models, with one batch of it. */
import { randomStream } from "../../src/core/random.js";
import type { Batch } from "../../src/data/training-data.js";
import { codePredictor } from "../../src/models/code-predictor.js";
import { conformer } from "../../src/models/conformer.js";
import { contrastive } from "../../src/models/contrastive.js";
import type { Decoder } from "../../src/models/decoder.js";
import { denseDetector } from "../../src/models/dense-detector.js";
import { dit } from "../../src/models/dit.js";
import { featurePyramid } from "../../src/models/feature-pyramid.js";
import { gemma3 } from "../../src/models/gemma3.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { imageClassifier } from "../../src/models/image-classifier.js";
import type { ImageModel } from "../../src/models/image-model.js";
import { llama } from "../../src/models/llama.js";
import { maskedAutoencoder } from "../../src/models/mae.js";
import { maskedGrid } from "../../src/models/masked-grid.js";
import { resnet } from "../../src/models/resnet.js";
import type { SpeechModel } from "../../src/models/speech-encoder.js";
import { speechRecogniser } from "../../src/models/speech-recogniser.js";
import { t5 } from "../../src/models/t5.js";
import { unet } from "../../src/models/unet.js";
import { vit } from "../../src/models/vit.js";
import { vocoder } from "../../src/models/vocoder.js";
import { anyOrderTask } from "../../src/objectives/any-order.js";
import { bestRq } from "../../src/objectives/best-rq.js";
import { crossEntropy } from "../../src/objectives/cross-entropy.js";
import { ctc } from "../../src/objectives/ctc.js";
import { ddpm } from "../../src/objectives/ddpm.js";
import { denseDetection } from "../../src/objectives/dense-detection.js";
import { flowMatching } from "../../src/objectives/flow-matching.js";
import type { ImageObjective } from "../../src/objectives/image-objective.js";
import { maskedPatches } from "../../src/objectives/masked-patches.js";
import { ntXent } from "../../src/objectives/nt-xent.js";
import { sequenceToSequence } from "../../src/objectives/sequence-to-sequence.js";
import { spectralMagnitudes } from "../../src/objectives/spectral-magnitudes.js";
import type { SpeechBatch, SpeechObjective } from "../../src/objectives/speech-objective.js";
import { imageTask, languageTask, sequenceTask, speechTask, type Task } from "../../src/objectives/task.js";

export interface Family {
  readonly name: string;
  readonly task: Task;
  readonly batch: Batch;
}

const normal = (length: number, name: string) => {
  const random = randomStream(1, name);
  return Float32Array.from({ length }, () => random.normal());
};

const integers = (length: number, below: number, name: string) => {
  const random = randomStream(1, name);
  return Int32Array.from({ length }, () => random.integer(below));
};

function text(name: string, model: Decoder): Family {
  const shape = { batchSize: 2, contextLength: 16 };
  const draw = (of: string) => integers(32, 29, of);
  return {
    name,
    task: languageTask(model, shape),
    batch: { inputs: draw("inputs"), targets: draw("targets") },
  };
}

const decoder = { vocabSize: 29, contextLength: 16, numLayers: 2, numHeads: 4, width: 32 };
const rotary = { ...decoder, kvHeads: 2, hiddenWidth: 48 };

const picture = { batchSize: 4, channels: 1, height: 8, width: 8 };
const patches = { ...picture, patchSize: 2, embedWidth: 24, numLayers: 2, numHeads: 2, mlpWidth: 48 };
const levels = { widthMultipliers: [1, 2], blocksPerLevel: 1, attentionAt: [4] };

function pictures<Model extends ImageModel>(
  name: string,
  model: Model,
  objective: ImageObjective<Model>,
): Family {
  const count = (objective.views ?? 1) * picture.batchSize;
  const drawn = {
    images: normal(count * 64, "images"),
    labels: Int32Array.from({ length: count }, (_, i) => i % 4),
  };
  return {
    name,
    task: imageTask(model, picture, objective),
    batch: objective.complete(drawn, picture, randomStream(1, name)),
  };
}

const recordings = { batchSize: 3, frames: 24, featureWidth: 8, maxLabels: 6 };
const encoder = conformer({
  ...{ featureWidth: 8, width: 32, numLayers: 2, numHeads: 2, hiddenWidth: 64, kernelSize: 5 },
});
const frames = [24, 20, 16];
const features = normal(3 * 24 * 8, "features");

function speech<Model extends SpeechModel>(
  name: string,
  model: Model,
  objective: SpeechObjective<Model>,
  said: Partial<SpeechBatch>,
): Family {
  const streams = frames.map((_, row) => randomStream(1, `row ${row}`));
  return {
    name,
    task: speechTask(model, [recordings], objective),
    batch: objective.complete({ features, frames, ...said } as SpeechBatch, recordings, streams),
  };
}

function translation(): Family {
  const shape = { batchSize: 4, source: 7, target: 7 };
  const model = t5({ vocabSize: 12, width: 32, numLayers: 1, numHeads: 4, hiddenWidth: 64 });
  const objective = sequenceToSequence({
    ...{ padToken: 0, endToken: 1, dropoutSites: model.dropoutSites, labelSmoothing: 0.1, dropout: 0.05 },
  });
  const pairs = [6, 5, 4, 3].map((length, row) => {
    const target = [...integers(length, 10, `pair ${row}`)].map((token) => 2 + token);
    return { source: [...target.toReversed(), 1], target };
  });
  const streams = pairs.map((_, row) => randomStream(1, `pair ${row}`));
  return {
    name: "T5",
    task: sequenceTask(model, [shape], objective),
    batch: objective.complete({ pairs, count: 4 }, shape, streams),
  };
}

function detection(): Family {
  const shape = { batchSize: 2, channels: 1, height: 32, width: 32 };
  const sizes = { ...shape, stemWidth: 8, stageWidths: [8, 16, 16], blocksPerStage: [1, 1, 1] };
  const pyramid = featurePyramid({ ...sizes, mapWidth: 16, groups: 4 });
  const model = denseDetector(pyramid, { numClasses: 2, towerLayers: 1, groups: 4 });
  return {
    name: "detector",
    task: imageTask(model, shape, denseDetection()),
    batch: {
      images: normal(2 * 32 * 32, "things"),
      classMap: Int32Array.from({ length: 2 * 16 }, (_, i) => (i % 5 === 0 ? i % 2 : -1)),
      boxMap: normal(2 * 4 * 16, "boxes").map((x) => 1 + Math.abs(x)),
    },
  };
}

function sound(): Family {
  const model = vocoder({ bands: 16, bins: 33, width: 32, hiddenWidth: 32, numLayers: 1, kernelSize: 3 });
  const length = 8;
  return {
    name: "vocoder",
    task: {
      ...spectralMagnitudes(model, { batchSize: 2, frames: length }),
      parameters: model.parameters,
      ...{ unit: "frames", unitsPerBatch: 2 * length, counts: "frames", count: () => 2 * length },
    },
    batch: {
      mel: normal(2 * length * 16, "mel"),
      rough: normal(2 * length * 33, "rough"),
      logs: normal(2 * length * 33, "logs"),
    },
  };
}

function music(): Family {
  const sizes = {
    steps: 8,
    numVoices: 4,
    numSymbols: 10,
    width: 16,
    numLayers: 1,
    numHeads: 2,
    mlpWidth: 16,
  };
  const count = 2 * sizes.steps * sizes.numVoices;
  return {
    name: "masked grid",
    task: anyOrderTask(maskedGrid(sizes), 2),
    batch: {
      symbols: Int32Array.from(integers(count, 11, "symbols"), (symbol, i) => (i % 4) * 11 + symbol),
      targets: integers(count, 10, "targets"),
      weights: Float32Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 0.1 : 0)),
    },
  };
}

export const families: readonly Family[] = [
  text("GPT-2", gpt2(decoder)),
  text("Llama 3", llama(rotary)),
  text("Qwen2", llama({ ...rotary, qkvBias: true })),
  text("Qwen3", llama({ ...rotary, qkNorm: true })),
  text("Gemma 3", gemma3({ ...rotary, slidingWindow: 4, globalLayers: [1] })),
  translation(),
  pictures(
    "diffusion transformer, flow",
    dit({ ...picture, patchSize: 2, embedWidth: 24, numLayers: 2, numHeads: 2, numClasses: 4 }),
    flowMatching({ time: "logitNormal", classDropout: 0.1, numClasses: 4 }),
  ),
  pictures(
    "U-Net, flow",
    unet({ ...picture, ...levels, baseWidth: 16, numClasses: 4, groups: 4 }),
    flowMatching({ time: "uniform", classDropout: 0, numClasses: 4 }),
  ),
  pictures(
    "diffusion transformer, noise",
    dit({ ...picture, patchSize: 2, embedWidth: 24, numLayers: 1, numHeads: 2, numClasses: 4 }),
    ddpm({ schedule: "cosine", steps: 100, classDropout: 0, numClasses: 4 }),
  ),
  pictures(
    "residual network",
    imageClassifier(resnet({ ...picture, baseWidth: 8, blocksPerStage: [1, 1], groups: 4 }), 4),
    crossEntropy({ numClasses: 4 }),
  ),
  pictures("vision transformer", imageClassifier(vit(patches), 4), crossEntropy({ numClasses: 4 })),
  pictures(
    "masked autoencoder",
    maskedAutoencoder({ ...patches, decoderWidth: 24, decoderLayers: 2, decoderHeads: 2 }),
    maskedPatches({ patchSize: 2 }),
  ),
  pictures(
    "contrastive network",
    contrastive(vit(patches), { hiddenWidth: 24, projectionWidth: 16 }),
    ntXent({ temperature: 0.2 }),
  ),
  detection(),
  speech(
    "Conformer, CTC",
    speechRecogniser(encoder, 6),
    ctc({ vocabSize: 6, numLayers: 2, layerDrop: 0.1 }),
    {
      labels: [[1, 2, 2, 3, 5, 4], [4, 4, 1], [5]],
    } as Partial<SpeechBatch>,
  ),
  speech(
    "Conformer, BEST-RQ",
    codePredictor(encoder, { numCodes: 16, numCodebooks: 2 }),
    bestRq({ numCodes: 16, numCodebooks: 2, spanLength: 3, startProbability: 0.1, numLayers: 2 }),
    { codes: Uint16Array.from(integers(3 * 24 * 2, 16, "codes")) } as Partial<SpeechBatch>,
  ),
  sound(),
  music(),
];
