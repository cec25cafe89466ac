/**
 * `config.json` to a decoder. A field that would change the function into one that our decoders do not
 * compute is an error; so is a field that nobody here knows.
 */
import type { Decoder } from "../models/decoder.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { ConfigFields } from "./config-fields.js";
import { CheckpointError } from "./errors.js";
import type { JsonObject } from "./folder-files.js";
import { readRotary, readTwoRotaries } from "./rope-config.js";

/** Deeper than any model, and few enough to be listed before the weights are looked at. */
const mostLayers = 10_000;
/** Positions times the width of a head: what the table of rotary angles may hold, a million positions of 128. */
const mostAngles = 2 ** 27;

/** By `model_type`. */
const decoders: Readonly<Record<string, (fields: ConfigFields) => Decoder>> = {
  gpt2: gpt2Decoder,
  llama: (fields) => llamaDecoder(fields),
  qwen2: (fields) => llamaDecoder(fields, { qkvBias: true, kvHeads: 32 }),
  qwen3: (fields) => llamaDecoder(fields, { qkNorm: true, kvHeads: 32, headWidth: 128 }),
  smollm3: (fields) =>
    llamaDecoder(fields, { hasNoRopeLayers: true, kvHeads: 4, tiedHead: true, ropeTheta: 2e6 }),
  gemma3_text: gemma3Decoder,
};

/** Builds the decoder that a config describes. Throws `CheckpointError` naming the field. */
export function decoderFromConfig(config: JsonObject, source: string): Decoder {
  const type = config.model_type;
  const fields = new ConfigFields(config, source);
  if (typeof type === "string" && Object.hasOwn(decoders, type)) {
    const decoder = decoders[type](fields);
    fields.finish();
    return decoder;
  }
  const names = Object.keys(decoders);
  throw new CheckpointError(
    "the model is of a kind that cannot be opened",
    `model_type ${JSON.stringify(type)} in ${source}`,
    `${names.slice(0, -1).join(", ")} and ${names.at(-1)} models can be opened`,
  );
}

function gpt2Decoder(fields: ConfigFields): Decoder {
  const width = fields.size("n_embd");
  fields.mustBe("activation_function", ["gelu_new", "gelu_pytorch_tanh"], "gelu_new");
  fields.mustBe("n_inner", [null, 4 * width], null);
  fields.mustBe("scale_attn_weights", [true], true);
  fields.mustBe("scale_attn_by_inverse_layer_idx", [false], false);
  fields.mustBe("add_cross_attention", [false], false);
  fields.mustBe("tie_word_embeddings", [true], true);
  return gpt2({
    vocabSize: fields.size("vocab_size"),
    contextLength: fields.size("n_positions"),
    numLayers: fields.size("n_layer", undefined, mostLayers),
    numHeads: fields.size("n_head"),
    width,
    layerNormEpsilon: fields.positive("layer_norm_epsilon", 1e-5),
  });
}

/** What a kind of the Llama family is, and what its missing fields mean in Transformers where they do not mean Llama's. */
interface Kind {
  readonly qkNorm?: boolean;
  readonly qkvBias?: boolean;
  readonly hasNoRopeLayers?: boolean;
  readonly kvHeads?: number;
  readonly headWidth?: number;
  readonly tiedHead?: boolean;
  readonly ropeTheta?: number;
}

function llamaDecoder(fields: ConfigFields, kind: Kind = {}): Decoder {
  const { qkNorm, qkvBias, hasNoRopeLayers, tiedHead = false } = kind;
  fields.mustBe("hidden_act", ["silu", "swish"], "silu");
  for (const off of ["attention_bias", "mlp_bias", "use_sliding_window", "rope_interleaved"]) {
    fields.mustBe(off, [false], false);
  }
  checkWindows(fields);
  const sizes = sizesOf(fields, kind);
  const { theta, scaling } = readRotary(fields, kind.ropeTheta ?? 10_000);
  return llama({
    ...sizes,
    qkNorm,
    qkvBias,
    ...(hasNoRopeLayers ? { noRopeLayers: noRopeLayers(fields, sizes.numLayers) } : {}),
    tiedHead: fields.mustBe("tie_word_embeddings", [true, false], tiedHead),
    ropeTheta: theta,
    ropeScaling: scaling,
  });
}

function sizesOf(fields: ConfigFields, missing: Pick<Kind, "kvHeads" | "headWidth">) {
  const width = fields.size("hidden_size");
  const numHeads = fields.size("num_attention_heads");
  const headWidth = fields.size("head_dim", missing.headWidth ?? width / numHeads);
  return {
    vocabSize: fields.size("vocab_size"),
    contextLength: fields.size("max_position_embeddings", undefined, Math.floor(mostAngles / headWidth)),
    numLayers: fields.size("num_hidden_layers", undefined, mostLayers),
    numHeads,
    kvHeads: fields.size("num_key_value_heads", missing.kvHeads ?? numHeads),
    width,
    headWidth,
    hiddenWidth: fields.size("intermediate_size"),
    rmsNormEpsilon: fields.positive("rms_norm_eps", 1e-6),
  };
}

/** `no_rope_layers` has a 0 for each; without it every fourth layer, or what `no_rope_layer_interval` says. */
function noRopeLayers(fields: ConfigFields, numLayers: number): number[] {
  const interval = fields.size("no_rope_layer_interval", 4);
  const isMark = (value: unknown): value is number => value === 0 || value === 1;
  const marks =
    fields.list("no_rope_layers", numLayers, isMark) ??
    Array.from({ length: numLayers }, (_, layer) => Number((layer + 1) % interval !== 0));
  return marks.flatMap((mark, layer) => (mark === 0 ? [layer] : []));
}

function checkWindows(fields: ConfigFields): void {
  const kinds = fields.take("layer_types");
  const other = Array.isArray(kinds) ? kinds.find((kind) => kind !== "full_attention") : kinds;
  if (other !== undefined && other !== null) throw fields.inexpressible("layer_types", other);
  // Qwen keeps a window's size in its config also where `use_sliding_window` is false.
  const usesFlag = fields.has("use_sliding_window");
  const window = fields.take("sliding_window");
  if (window !== undefined && window !== null && !usesFlag)
    throw fields.inexpressible("sliding_window", window);
}

function gemma3Decoder(fields: ConfigFields): Decoder {
  for (const name of ["hidden_activation", "hidden_act"])
    fields.mustBe(name, ["gelu_pytorch_tanh"], "gelu_pytorch_tanh");
  fields.mustBe("attention_bias", [false], false);
  fields.mustBe("use_bidirectional_attention", [false, null], false);
  for (const cap of ["attn_logit_softcapping", "final_logit_softcapping"]) fields.mustBe(cap, [null], null);
  const sizes = sizesOf(fields, { kvHeads: 4, headWidth: 256 });
  const { global, localTheta } = readTwoRotaries(fields, { global: 1_000_000, local: 10_000 });
  return gemma3({
    ...sizes,
    slidingWindow: fields.size("sliding_window", 4096),
    globalLayers: globalLayers(fields, sizes.numLayers),
    queryScalar: fields.positive("query_pre_attn_scalar", 256),
    tiedHead: fields.mustBe("tie_word_embeddings", [true, false], true),
    ropeTheta: global.theta,
    ropeScaling: global.scaling,
    localRopeTheta: localTheta,
  });
}

/** `layer_types`; files from before it say `sliding_window_pattern`: which layers see all, every sixth where missing. */
function globalLayers(fields: ConfigFields, numLayers: number): number[] {
  const pattern = ["sliding_window_pattern", "_sliding_window_pattern"].reduce(
    (missing, name) => fields.size(name, missing),
    6,
  );
  const kinds = ["full_attention", "sliding_attention"];
  const isKind = (value: unknown): value is string => kinds.includes(value as string);
  const types =
    fields.list("layer_types", numLayers, isKind) ??
    Array.from({ length: numLayers }, (_, layer) => kinds[(layer + 1) % pattern === 0 ? 0 : 1]);
  return types.flatMap((type, layer) => (type === kinds[0] ? [layer] : []));
}
