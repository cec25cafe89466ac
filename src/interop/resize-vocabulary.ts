import { CheckpointError } from "./errors.js";
import { decoderFromConfig } from "./model-config.js";
import type { SavedModel } from "./model-folder.js";

/**
 * The model with rows for `vocabSize` tokens. New rows of embedding and head are the mean of the others, so that
 * new tokens are as likely as an average one. [Hewitt 2021, "Initializing new word embeddings"] Throws
 * `CheckpointError` for fewer rows than there are.
 */
export function withVocabSize(saved: SavedModel, vocabSize: number): SavedModel {
  const { model, weights } = saved;
  if (vocabSize === model.vocabSize) return saved;
  if (vocabSize < model.vocabSize) {
    throw new CheckpointError(
      "a vocabulary cannot shrink",
      `${vocabSize} tokens, the model has rows for ${model.vocabSize}`,
      "give at least as many",
    );
  }
  const config = { ...model.huggingFaceConfig(), vocab_size: vocabSize };
  const resized = decoderFromConfig(config, "the resized model");
  const grown = resized.parameters.map(({ name, shape }) => {
    const old = weights.get(name)!;
    const isSame = String(old.shape) === String(shape);
    return [name, isSame ? old : { shape, data: withMeanRows(old.data, shape) }] as const;
  });
  return { ...saved, model: resized, weights: new Map(grown) };
}

function withMeanRows(data: Float32Array, [rows, width]: readonly number[]): Float32Array {
  const old = data.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < data.length; i++) mean[i % width] += data[i] / old;
  const grown = new Float32Array(rows * width);
  grown.set(data);
  for (let row = old; row < rows; row++) grown.set(mean, row * width);
  return grown;
}
