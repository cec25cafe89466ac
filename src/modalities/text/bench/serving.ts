/** How many clients a server bears: one alone, then many at once, of `autodidact serve` on a model of random weights. */
import { fileURLToPath } from "node:url";
import { median, quantile } from "../../../bench/figures.js";
import { startSide } from "../../../bench/side-process.js";
import { inTemporaryFolder } from "../../../bench/temporary-folder.js";
import { openFolder } from "../../../files/disk.js";
import { saveModel } from "../../../interop/model-folder.js";
import type { Gpt2Config } from "../../../models/gpt2.js";
import type { ServedDecoder } from "./decoders.js";
import { type Load, measureLoad, type Sample } from "./load.js";
import { parameterCount, randomModel } from "./random-model.js";

const manyClients = 16;
/** Characters of a prompt, some fifty tokens; and most tokens of an answer. */
const [promptLength, maxTokens] = [250, 80];

/** One number of clients for some time. */
export interface ServingPhase {
  readonly clients: number;
  readonly seconds: number;
  /** Complete answers. */
  readonly answers: number;
  readonly errors: readonly string[];
  /** Of all clients together, after the first fifth of the time. */
  readonly tokensPerSecond: number;
  readonly firstTokenMs: { readonly median: number; readonly p95: number };
  /** The longest time in which the server's main thread did nothing else. */
  readonly blockedMs: number;
  /** Of the longest such time its own work; the rest it waited for a core. Absent where the system does not tell. */
  readonly workMs?: number;
  /** Resident memory: medians of the second and of the last fifth of the time. */
  readonly residentBytes: { readonly warm: number; readonly end: number };
}

export interface ServingResult {
  readonly name: string;
  readonly parameters: number;
  /** One client alone, many together, one again: a machine that has become slower meanwhile shows. */
  readonly phases: readonly ServingPhase[];
  /** Tokens a second of the many through those of one. */
  readonly ratio: number;
}

export interface ServingOptions {
  /** How long the many ask. */
  readonly seconds?: number;
  /** Bytes of text that the tokenizer is trained on. */
  readonly tokenizerBytes?: number;
}

/** Measures one server. Throws `BenchError` when it or the clients break off. */
export function benchServing(
  { name, sizes }: ServedDecoder,
  { seconds = 20, tokenizerBytes }: ServingOptions = {},
): Promise<ServingResult> {
  return inTemporaryFolder(async (path) => {
    const parameters = await save(path, sizes, tokenizerBytes);
    const args = ["serve", path, "--port", "0", "--json"];
    const server = await startSide<Address>(process.execPath, [program, ...args]);
    try {
      const aloneSeconds = Math.max(seconds / 8, Math.min(seconds, 5));
      const alone = { clients: 1, seconds: aloneSeconds };
      const phases: ServingPhase[] = [];
      for (const phase of [alone, { clients: manyClients, seconds }, alone]) {
        phases.push(await measurePhase(server.ready, phase));
      }
      const [before, together, after] = phases.map(({ tokensPerSecond }) => tokensPerSecond);
      return { name, parameters, phases, ratio: together / ((before + after) / 2) };
    } finally {
      server.stop();
    }
  });
}

const program = fileURLToPath(new URL("../../../../bin/autodidact.mjs", import.meta.url));

/** What `autodidact serve --json` says first. */
type Address = Pick<Load, "url" | "model">;

/** Saves a model and gives the number of its parameters; its memory is free again afterwards. */
async function save(path: string, sizes: Gpt2Config, tokenizerBytes?: number): Promise<number> {
  const saved = await randomModel(sizes, tokenizerBytes);
  await saveModel(openFolder(path), saved);
  return parameterCount(saved);
}

async function measurePhase(
  { url, model }: Address,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<ServingPhase> {
  const { answers, errors, firstTokenMs, samples } = await measureLoad({
    ...{ url, model, clients, seconds, promptLength, maxTokens },
  });
  // While the last answers end, clients are missing.
  const asked = samples.filter(({ at }) => at <= seconds);
  const fifth = (i: number) =>
    asked.slice(Math.floor((asked.length * i) / 5), Math.ceil((asked.length * (i + 1)) / 5));
  const resident = (i: number) => median(fifth(i).map(({ residentBytes }) => residentBytes));
  return {
    ...{ clients, seconds, answers, errors },
    tokensPerSecond: rateOf(asked.slice(Math.floor(asked.length / 5))),
    firstTokenMs: { median: median(firstTokenMs), p95: quantile(firstTokenMs, 0.95) },
    blockedMs: Math.max(...samples.map(({ blockedMs }) => blockedMs)),
    workMs:
      samples[0]?.workMs === undefined ? undefined : Math.max(...samples.map(({ workMs = 0 }) => workMs)),
    residentBytes: { warm: resident(1), end: resident(4) },
  };
}

function rateOf(samples: readonly Sample[]): number {
  const [first, last] = [samples[0], samples[samples.length - 1]];
  return (last.tokens - first.tokens) / (last.at - first.at);
}
