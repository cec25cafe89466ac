/** How fast a model of random weights writes, one text at a time: ours and other programs' in turns, from the same weights. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { betweenTurnsMs, median, type Spread, spreadOf } from "../../../bench/figures.js";
import { besides } from "../../../bench/scripts.js";
import { type SideProcess, startScript } from "../../../bench/side-process.js";
import { inTemporaryFolder } from "../../../bench/temporary-folder.js";
import { nodeRuntime } from "../../../core/runtime/node.js";
import { measureBandwidth } from "../../../core/runtime/peak.js";
import { openFolder } from "../../../files/disk.js";
import { exportGguf } from "../../../interop/gguf/export.js";
import { type SavedModel, saveModel } from "../../../interop/model-folder.js";
import { exportOnnx } from "../../../interop/onnx-export.js";
import type { Gpt2Config } from "../../../models/gpt2.js";
import { chapter } from "./chapters.js";
import { gpt2Small } from "./decoders.js";
import type { Form, Turn, TurnReport } from "./decoding-turns.js";
import { findPeers, ggufTypes, type Peer } from "./peers.js";
import { parameterCount, randomModel } from "./random-model.js";

const allForms: readonly Form[] = ["float32", "int8", "int4"];

/** Tokens a second. */
export interface Speeds {
  /** After the prompt, one at a time. */
  readonly writing: number;
  /** The prompt, all at once. */
  readonly reading: number;
}

export interface OtherSide {
  readonly speeds: Speeds;
  /** Ours through theirs, turn by turn. */
  readonly ratios: { readonly writing: Spread; readonly reading: Spread };
  /** How many tokens are ours, until the first that is not. Rounded to fewer bits, programs may differ. */
  readonly sameTokens: number;
  readonly peakBytes: number;
}

export interface DecodingRow {
  readonly form: Form;
  readonly ours: { readonly speeds: Speeds; readonly peakBytes: number };
  /** By the program's name. */
  readonly others: Readonly<Record<string, OtherSide>>;
}

export interface DecodingResult {
  readonly parameters: number;
  readonly threads: number;
  readonly promptLength: number;
  /** Tokens that each side writes in a turn. */
  readonly count: number;
  /** The other programs' versions. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly DecodingRow[];
  /** Tokens a second if reading all float32 weights twice were all the work. */
  readonly readTwice: number;
}

export interface DecodingOptions {
  readonly sizes?: Gpt2Config;
  /** Bytes of text that the tokenizer is trained on. */
  readonly tokenizerBytes?: number;
  readonly peers?: readonly Peer[];
  readonly forms?: readonly Form[];
  readonly promptLength?: number;
  readonly count?: number;
  /** Measured turns of each side, after one to warm up. */
  readonly turns?: number;
}

/** Measures each form of the weights. Throws `BenchError` when a side breaks off. */
export async function benchDecoding({
  sizes = { ...gpt2Small, contextLength: 1024 },
  tokenizerBytes,
  peers = findPeers(),
  forms = allForms,
  promptLength = 100,
  count = 48,
  turns = 5,
}: DecodingOptions = {}): Promise<DecodingResult> {
  const saved = await randomModel(sizes, tokenizerBytes);
  const prompt = [...saved.tokenizer.encode(chapter(0)).subarray(0, promptLength)];
  const threads = availableParallelism();
  const task: Task = { saved, peers, threads, turn: { prompt, count }, turns };
  const rows: DecodingRow[] = [];
  for (const form of forms) rows.push(await inTemporaryFolder((path) => measureForm(task, form, path)));
  const parameters = parameterCount(saved);
  const readTwice = ((await measureBandwidth(nodeRuntime)) * 1e9) / (2 * 4 * parameters);
  const versions = Object.fromEntries(peers.map(({ name, version }) => [name, version]));
  return { parameters, threads, promptLength, count, versions, rows, readTwice };
}

interface Task extends Required<Pick<DecodingOptions, "peers" | "turns">> {
  readonly saved: SavedModel;
  readonly threads: number;
  readonly turn: Turn;
}

async function measureForm(
  { saved, peers, threads, turn, turns }: Task,
  form: Form,
  path: string,
): Promise<DecodingRow> {
  const able = peers.filter(({ format }) => format === "onnx" || ggufTypes[form]);
  const folder = join(path, "model");
  await write(saved, folder, form, new Set(able.map(({ format }) => format)));
  const sides: SideProcess<object>[] = [];
  try {
    for (const script of [besides("decoding-worker", import.meta.url), ...able.map((peer) => peer.script)]) {
      sides.push(await startScript(script, [folder, form, String(threads)]));
    }
    const [ours, ...others] = await alternate(sides, turn, turns);
    return {
      form,
      ours: { speeds: speedsOf(ours, turn), peakBytes: ours[0].peakBytes },
      others: Object.fromEntries(able.map(({ name }, i) => [name, compare(ours, others[i], turn)])),
    };
  } finally {
    for (const side of sides) side.stop();
  }
}

/** What each side reads, in one folder. */
async function write(
  saved: SavedModel,
  path: string,
  form: Form,
  formats: ReadonlySet<Peer["format"]>,
): Promise<void> {
  const folder = openFolder(path);
  if (formats.has("onnx")) await exportOnnx(folder, saved, { weights: form });
  else await saveModel(folder, saved);
  const type = ggufTypes[form];
  if (formats.has("gguf") && type) await exportGguf(folder, "model", saved, { type });
}

/** The reports of each side's turns; while one works the others are idle. */
async function alternate(
  sides: readonly SideProcess<object>[],
  turn: Turn,
  turns: number,
): Promise<TurnReport[][]> {
  const reports: TurnReport[][] = sides.map(() => []);
  for (let i = 0; i <= turns; i++) {
    for (const [index, side] of sides.entries()) {
      await sleep(betweenTurnsMs);
      const report = await side.ask<TurnReport>(JSON.stringify(turn));
      if (i > 0) reports[index].push(report);
    }
  }
  return reports;
}

const readingOf = (report: TurnReport, { prompt }: Turn) => prompt.length / report.readingSeconds;
const writingOf = ({ tokens, writingSeconds }: TurnReport) => (tokens.length - 1) / writingSeconds;

function speedsOf(reports: readonly TurnReport[], turn: Turn): Speeds {
  return {
    writing: median(reports.map(writingOf)),
    reading: median(reports.map((report) => readingOf(report, turn))),
  };
}

function compare(ours: readonly TurnReport[], theirs: readonly TurnReport[], turn: Turn): OtherSide {
  const ratio = (rate: (report: TurnReport) => number) =>
    spreadOf(ours.map((report, i) => rate(report) / rate(theirs[i])));
  const differing = ours[0].tokens.findIndex((id, i) => id !== theirs[0].tokens[i]);
  return {
    speeds: speedsOf(theirs, turn),
    ratios: { writing: ratio(writingOf), reading: ratio((report) => readingOf(report, turn)) },
    sameTokens: differing < 0 ? ours[0].tokens.length : differing,
    peakBytes: theirs[theirs.length - 1].peakBytes,
  };
}
