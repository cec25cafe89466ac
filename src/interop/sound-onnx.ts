/** Models that draw words as ONNX in the layout of Supertonic, which `@huggingface/transformers` speaks with. */

import { multiplySizes } from "../core/graph/size.js";
import { constant, input, type Tensor } from "../core/graph/tensor.js";
import { abs, add, cast, div, maximum, minimum, mul, sub } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { expand, reshape, sum, transpose } from "../core/ops/movement.js";
import { argmax, cumsum, max, mean } from "../core/ops/reduce.js";
import { concat, slice } from "../core/ops/slice.js";
import { randomStream } from "../core/random.js";
import { faded, peakLevel, silentPeak } from "../features/audio/clip.js";
import { wordLevelJson } from "../features/tokenizer/word-level.js";
import type { Folder } from "../files/folder.js";
import type { Denoiser } from "../models/image-model.js";
import { inputsFor } from "../nn/parameter.js";
import { writeClientOnnx } from "./client-onnx.js";
import { CheckpointError } from "./errors.js";
import { jsonText } from "./folder-files.js";
import { griffinLimGraph } from "./griffin-lim-graph.js";
import { type SavedSoundModel, saveSoundModel } from "./sound-folder.js";

/** A model that draws sounds. */
type SavedDenoiser = Extract<SavedSoundModel, { kind: "denoiser" }>;

const batch = "batch_size";
const words = "sequence_length";
/** Steps of Griffin and Lim's method. */
const iterations = 32;
/** What the client divides durations by where nobody says otherwise. [transformers.js, modeling_supertonic.js] */
const usualSpeed = 1.05;
const [padding, unknown] = ["[PAD]", "[UNK]"];
const special = [padding, unknown];

/**
 * Writes what `saveSoundModel` writes, a tokenizer whose words are the classes, `voices/<speaker>.bin` for each speaker and
 * for none, and the three graphs of Supertonic: `onnx/text_encoder.onnx`, `latent_denoiser.onnx`, a step of Euler's with
 * the model's usual guidance, and `voice_decoder.onnx`, Griffin and Lim's method. To the client a latent is a whole word,
 * which the model draws, and words follow each other. Throws `CheckpointError` for classes that are no words, and when a
 * parameter is missing.
 */
export async function exportSoundOnnx(folder: Folder, saved: SavedDenoiser): Promise<void> {
  const { model, mel, classes, speakers } = saved;
  const tokens = wordsOf(classes);
  await saveSoundModel(folder, saved, saved.weights, saved);
  await folder.write(
    "tokenizer.json",
    jsonText(wordLevelJson({ tokens: [...tokens, ...special], special, unknown })),
  );
  await folder.write(
    "tokenizer_config.json",
    jsonText({
      tokenizer_class: "PreTrainedTokenizerFast",
      ...{ unk_token: unknown, pad_token: padding, clean_up_tokenization_spaces: false },
    }),
  );
  const voices = folder.folder("voices");
  for (const [i, name] of [...speakers, "none"].entries()) {
    const style = Float32Array.from({ length: speakers.length + 1 }, (_, k) => (k === i ? 1 : 0));
    await voices.write(`${encodeURIComponent(name)}.bin`, new Uint8Array(style.buffer));
  }
  const graphs = {
    text_encoder: textEncoder(saved),
    latent_denoiser: latentDenoiser(saved),
    voice_decoder: voiceDecoder(saved),
  };
  const change = () => ({
    model_type: "supertonic",
    ...{ sampling_rate: mel.sampleRate, style_dim: speakers.length + 1 },
    ...{ latent_dim: mel.bands, chunk_compress_factor: model.width, base_chunk_size: mel.hop },
  });
  await writeClientOnnx(folder, graphs, saved.weights, { change });
}

/** The classes as words without spaces. */
function wordsOf(classes: readonly string[]): string[] {
  const names = classes.map((name) => name.trim().replace(/\s+/g, "-"));
  const taken = names.find((name, i) => !name || names.indexOf(name) !== i || special.includes(name));
  if (names.length > 0 && taken === undefined) return names;
  throw new CheckpointError(
    "the model's classes are no words that can be said",
    names.length === 0 ? "it knows no classes" : `${JSON.stringify(taken)} among ${classes.join(", ")}`,
    "train it with a class a folder, each of another name",
  );
}

/** The label of each word as a number, and how long all of a text's are. */
function textEncoder({ classes, speakers, mel, model }: SavedDenoiser): Record<string, Tensor> {
  const ids = input<"b w">("input_ids", "int64", [batch, words]);
  const mask = input<"b w">("attention_mask", "int64", [batch, words]);
  const style = input<"b k d">("style", "float32", [batch, 1, speakers.length + 1]);
  const speaker = argmax(style, 2); // b 1
  const known = minimum(ids, constant([classes.length], [1], "int64"));
  const labels = add(mul(known, constant([speakers.length + 1], [1], "int64")), speaker);
  // A little less, so that rounding never makes it a word more.
  const seconds = ((model.width * mel.hop) / mel.sampleRate) * (usualSpeed - 1e-4);
  return {
    last_hidden_state: cast(reshape(labels, [batch, words, 1]), "float32"),
    durations: mul(sum(cast(mask, "float32"), [1]), seconds),
  };
}

/** A step of Euler's from one time to the next. */
function latentDenoiser({ model, mel, generation }: SavedDenoiser): Record<string, Tensor> {
  const { guidance = 2, shift = 1 } = generation as { guidance?: number; shift?: number };
  const size = mel.bands * model.width;
  const latents = input<"b c l">("noisy_latents", "float32", [batch, size, "latent_length"]);
  const encoded = input<"b w d">("encoder_outputs", "float32", [batch, words, 1]);
  const timestep = input<"b">("timestep", "float32", [batch]);
  const steps = input<"b">("num_inference_steps", "float32", [batch]);
  const rows = multiplySizes(batch, words);
  const shifted = (t: Tensor) => div(t, add(t, mul(sub(1, t), shift)));
  const perWord = (x: Tensor) => reshape(expand(reshape(x, [batch, 1]), [batch, words]), [rows]);
  const [time, next] = [timestep, add(timestep, 1)].map((step) => perWord(shifted(div(step, steps))));
  const x = reshape<"b c h w">(transpose(asManyAs(latents, encoded), [0, 2, 1]), [
    rows,
    1,
    mel.bands,
    model.width,
  ]);
  const labels = cast(reshape(encoded, [rows]), "int64");
  const velocity = guided(model, { x, time, labels }, guidance);
  const moved = add(x, mul(velocity, reshape(sub(next, time), [rows, 1, 1, 1])));
  return { denoised_latents: transpose(reshape(moved, [batch, words, size]), [0, 2, 1]) };
}

/** As many latents [b, c, w] as there are words: a slower speed asks for more. Fewer end in the client with an error. */
function asManyAs(latents: Tensor, encoded: Tensor): Tensor {
  const ones = add(mul(reshape(slice(encoded, 0, 0, 1), [words]), 0), 1);
  const places = sub(cumsum(cast(ones, "int64"), 0), constant([1], [1], "int64"));
  return gather(latents, places, 2);
}

interface Noisy {
  readonly x: Tensor<"b c h w">;
  readonly time: Tensor;
  readonly labels: Tensor;
}

/** none + guidance (class - none) */
function guided(model: Denoiser, { x, time, labels }: Noisy, guidance: number): Tensor {
  const none = add(mul(labels, constant([0], [1], "int64")), constant([model.numClasses], [1], "int64"));
  const twice = (a: Tensor, b = a) => concat([a, b], 0);
  const p = inputsFor(model.parameters);
  const both = model.predict(
    p,
    twice(x) as Tensor<"b c h w">,
    twice(time) as Tensor<"b">,
    twice(labels, none) as Tensor<"b">,
  );
  const [rows] = x.shape;
  const [own, without] = [slice(both, 0, 0, rows), slice(both, 0, rows)];
  return add(without, mul(sub(own, without), guidance));
}

/** Words of one loudness, one after the other. */
function voiceDecoder({ model, mel, scaling }: SavedDenoiser): Record<string, Tensor> {
  const { width: frames } = model;
  const latents = input<"b c w">("latents", "float32", [batch, mel.bands * frames, words]);
  const rows = multiplySizes(batch, words);
  const apart = reshape(transpose(latents, [0, 2, 1]), [rows, mel.bands, frames]);
  const framesFirst = transpose(apart, [0, 2, 1]);
  const logs = add(mul(framesFirst, constant([...scaling.deviation])), constant([...scaling.mean]));
  const sound = griffinLimGraph(maximum(logs, Math.log(mel.floor)) as Tensor<"n t m">, mel, {
    ...{ frames, iterations },
    random: randomStream(0, "phases"),
  });
  const centred = sub(sound, mean(sound, [1], { keepDims: true }));
  const peak = maximum(max(abs(centred), [1], { keepDims: true }), silentPeak);
  const length = (frames - 1) * mel.hop;
  const ends = constant(faded(new Float32Array(length).fill(peakLevel), mel.sampleRate));
  return { waveform: reshape(mul(div(centred, peak), ends), [batch, multiplySizes(words, length)]) };
}
