import { fromBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { ModelProtoSchema, type ValueInfoProto } from "../core/onnx/onnx_pb.js";
import { randomStream } from "../core/random.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { type HostTensor, hostTensor, int64Tensor, type Session } from "../core/runtime/session.js";
import { trainBpe } from "../features/tokenizer/bpe-trainer.js";
import { memoryFolder } from "../files/memory.js";
import { beamSearch } from "../generation/translation/beam-search.js";
import { compileTranslator } from "../generation/translation/translator-session.js";
import { t5 } from "../models/t5.js";
import { openTranslator, type SavedTranslator } from "./translator-folder.js";
import { exportTranslatorOnnx } from "./translator-onnx.js";

const tokenizer = await trainBpe("a sentence", {
  vocabSize: 262,
  specialTokens: ["<pad>", "</s>", ">>de<<"],
});
const { vocabSize } = tokenizer;
const [pad, end] = ["<pad>", "</s>"].map((token) => tokenizer.tokenToId(token)!);
const sizes = { width: 16, numLayers: 2, numDecoderLayers: 2, numHeads: 2, headWidth: 5, hiddenWidth: 24 };
const model = t5({ ...sizes, vocabSize, tiedHead: false });
/** Large enough that every part of the model shows in what it writes; the end of text comes now and then. */
const weights = new Map(
  model.parameters.map(({ name, shape }) => {
    const stream = randomStream(5, name);
    const length = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length }, () => 0.7 * stream.normal());
    const row = [end * sizes.width, (end + 1) * sizes.width] as const;
    if (name === "lm_head.weight")
      data.set(
        data.subarray(...row).map((x) => 2 * x),
        row[0],
      );
    return [name, { shape, data }];
  }),
);
const saved: SavedTranslator = {
  ...{ model, weights, tokenizer },
  tokens: { start: pad, end, pad },
  generation: { beams: 5 },
};
const options = { threads: 1, spin: false };
const mostTokens = 24;
const texts = ["a", "sentence", "a sentence and another", "ten", "a ten", "dense", "sets", "aaa"];
const sources = texts.map((text) => [...tokenizer.encode(`>>de<<${text}`), end]);

/** The exported graphs, fed as the client feeds them. */
class Exported {
  constructor(
    private readonly encoder: Session,
    private readonly decoder: Session,
  ) {}

  async encode(rows: readonly (readonly number[])[]): Promise<Record<string, HostTensor>> {
    const longest = Math.max(...rows.map(({ length }) => length));
    const padded = (values: (row: readonly number[]) => number[], filler: number) => {
      const all = rows.flatMap((row) => [...values(row), ...Array(longest - row.length).fill(filler)]);
      return int64Tensor(Int32Array.from(all), [rows.length, longest]);
    };
    const attention_mask = padded((row) => row.map(() => 1), 0);
    const { last_hidden_state } = await this.encoder.run({
      input_ids: padded((row) => [...row], pad),
      attention_mask,
    });
    return { encoder_hidden_states: last_hidden_state, encoder_attention_mask: attention_mask };
  }

  /** Logits [rows, v] of the last of the new tokens, and the caches after them. */
  async step(read: Record<string, HostTensor>, rows: readonly (readonly number[])[], past = emptyPast(rows)) {
    const [batch, time] = [rows.length, rows[0].length];
    const input_ids = int64Tensor(Int32Array.from(rows.flat()), [batch, time]);
    const { logits, ...present } = await this.decoder.run({ ...read, ...past, input_ids });
    expect(logits.shape).toEqual([batch, time, vocabSize]);
    const data = logits.data as Float32Array;
    const last = rows.map((_, row) => data.slice((row * time + time - 1) * vocabSize).slice(0, vocabSize));
    const cache = Object.entries(present).map(([name, value]) => [
      name.replace("present", "past_key_values"),
      value,
    ]);
    return { last, past: Object.fromEntries(cache) as Record<string, HostTensor> };
  }

  /** Writes until every row ends in one step, as the client does. */
  async write(rows: readonly (readonly number[])[]): Promise<number[][]> {
    const read = await this.encode(rows);
    const written: number[][] = rows.map(() => [pad]);
    let past: Record<string, HostTensor> | undefined;
    do {
      const newest = written.map((row) => row.slice(-1));
      const step: Awaited<ReturnType<Exported["step"]>> = await this.step(read, newest, past);
      for (const [row, next] of step.last.entries()) written[row].push(next.indexOf(Math.max(...next)));
      past = step.past;
    } while (written[0].length <= mostTokens && written.some((row) => row.at(-1) !== end));
    return written.map((row) => row.slice(1));
  }
}

const cacheNames = ["0", "1"].flatMap((layer) => [
  ...[`${layer}.decoder.key`, `${layer}.decoder.value`],
  ...[`${layer}.encoder.key`, `${layer}.encoder.value`],
]);

function emptyPast(rows: readonly unknown[]): Record<string, HostTensor> {
  const empty = () => hostTensor("float32", [rows.length, sizes.numHeads, 0, sizes.headWidth]);
  return Object.fromEntries(cacheNames.map((name) => [`past_key_values.${name}`, empty()]));
}

const folder = memoryFolder();
const bytes = async (file: string) => new Uint8Array(await folder.read(`onnx/${file}.onnx`));
let exported: Exported;
beforeAll(async () => {
  await exportTranslatorOnnx(folder, saved);
  const present = cacheNames.map((name) => `present.${name}`);
  exported = new Exported(
    await nodeRuntime.load(await bytes("encoder_model"), ["last_hidden_state"], options),
    await nodeRuntime.load(await bytes("decoder_model_merged"), ["logits", ...present], options),
  );
});

describe("an exported translator", () => {
  it("writes for a batch of sentences of different lengths what our greedy search writes, and then only ends", async () => {
    const session = await compileTranslator(nodeRuntime, model, weights, options);
    const sought = sources.map(() => ({ maxTokens: mostTokens }));
    const ends = { startToken: pad, endOfText: end, lengthPenalty: 1 };
    const found = await beamSearch(await session.encode(sources, 1), sought, ends);
    const ours = found.map(([{ ids, isCut }]) => (isCut ? ids : [...ids, end]));
    const theirs = await exported.write(sources);
    for (const [row, ids] of ours.entries()) {
      const rest = theirs[row].slice(ids.length);
      expect([theirs[row].slice(0, ids.length), new Set(rest)]).toEqual([
        ids,
        new Set(rest.length ? [end] : []),
      ]);
    }
    const lengths = ours.map(({ length }) => length);
    expect(new Set(ours.map(String)).size).toBeGreaterThan(4);
    expect(Math.min(...lengths)).toBeLessThan(Math.max(...lengths));
  });

  it("predicts the same from several tokens at once, from what it gave out, and from what lacks the source", async () => {
    const rows = [
      [pad, 7, 8, 9],
      [pad, 10, 7, 70],
    ];
    const read = await exported.encode(sources.slice(1, 3));
    const atOnce = await exported.step(read, rows);
    const begun = await exported.step(
      read,
      rows.map((row) => row.slice(0, 2)),
    );
    const rest = rows.map((row) => row.slice(2));
    const later = await exported.step(read, rest, begun.past);
    const isOfSource = ([name]: [string, unknown]) => name.includes("encoder");
    const sourceless = Object.entries(emptyPast(rows)).filter(isOfSource);
    const forgotten = await exported.step(read, rest, { ...begun.past, ...Object.fromEntries(sourceless) });
    for (const { last } of [later, forgotten]) {
      // The same sums of float32 in another order, of logits of about 10.
      for (const [row, next] of last.entries())
        for (const [id, value] of next.entries()) expect(value).toBeCloseTo(atOnce.last[row][id], 4);
    }
    const kept = (past: Record<string, HostTensor>) => Object.entries(past).filter(isOfSource);
    expect(kept(later.past)).toEqual(kept(begun.past));
  });

  it("takes the token that ends for one that starts where it comes first", async () => {
    const read = await exported.encode(sources.slice(0, 1));
    const [first] = (await exported.step(read, [[end]])).last;
    expect(first.filter((logit) => logit < -1e8)).toHaveLength(0);
    const [second] = (await exported.step(read, [[pad, end]])).last;
    expect(second.filter((logit) => logit < -1e8)).toHaveLength(vocabSize - 1);
  });
});

describe("the exported folder", () => {
  it("names inputs, outputs and their free sizes as the client expects", async () => {
    const [encoder, decoder] = await Promise.all(
      ["encoder_model", "decoder_model_merged"].map(
        async (file) => fromBinary(ModelProtoSchema, await bytes(file)).graph!,
      ),
    );
    const read = ["batch_size", "encoder_sequence_length"];
    expect(signature(encoder.input)).toEqual([
      ["input_ids", read],
      ["attention_mask", read],
    ]);
    expect(signature(encoder.output)).toEqual([["last_hidden_state", [...read, 16]]]);
    const fresh = ["batch_size", "decoder_sequence_length"];
    const cache = (prefix: string, time: Record<string, string>) =>
      cacheNames.map((name) => [`${prefix}.${name}`, ["batch_size", 2, time[name.split(".")[1]], 5]]).sort();
    const past = {
      decoder: "past_decoder_sequence_length",
      encoder: "past_encoder_sequence_length",
    };
    expect(signature(decoder.input).sort()).toEqual(
      [
        ["input_ids", fresh],
        ["encoder_hidden_states", [...read, 16]],
        ["encoder_attention_mask", read],
        ...cache("past_key_values", past),
      ].sort(),
    );
    const present = {
      decoder: "decoder_sequence_length + past_decoder_sequence_length",
      encoder: "encoder_sequence_length",
    };
    expect(signature(decoder.output).sort()).toEqual(
      [["logits", [...fresh, vocabSize]], ...cache("present", present)].sort(),
    );
  });

  it("is still the model's own, and says what the client loads", async () => {
    const config = JSON.parse(new TextDecoder().decode(await folder.read("config.json")));
    expect(config["transformers.js_config"]).toEqual({ dtype: "fp32" });
    const { weights: read, tokenizer: own, ...opened } = await openTranslator(folder);
    expect(read).toEqual(weights);
    expect(own.encode(">>de<<a sentence")).toEqual(tokenizer.encode(">>de<<a sentence"));
    expect([opened.tokens, opened.generation.beams]).toEqual([saved.tokens, 5]);
  });
});

/** Names and axes: a number, or the name of a size that each run chooses. */
function signature(values: readonly ValueInfoProto[]): [string, unknown[]][] {
  return values.map(({ name, type }) => {
    const { dim } = type!.value.value!.shape!;
    return [name, dim.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : value.value))];
  });
}
