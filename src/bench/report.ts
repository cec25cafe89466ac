/** The benchmark's result and its Markdown. */
import type { Machine } from "../cli/machine.js";
import { formatBytes, formatCount, formatShare } from "../cli/terminal/format.js";
import type { DecodingResult, Speeds } from "../modalities/text/bench/decoding.js";
import { peerNames } from "../modalities/text/bench/peers.js";
import type { ServingResult } from "../modalities/text/bench/serving.js";
import type { TokenizerResult } from "../modalities/text/bench/tokenizer.js";
import type { Spread } from "./figures.js";
import type { TrainingResult } from "./training.js";

export interface BenchResult {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: Machine;
  /** PyTorch's version, absent when it was not measured. */
  readonly torch?: string;
  /** Best rate of a matrix product in our runtime. */
  readonly peakGflops: number;
  readonly training: readonly TrainingResult[];
  readonly tokenizer?: TokenizerResult;
  readonly decoding?: DecodingResult;
  readonly serving: readonly ServingResult[];
  readonly warnings: readonly string[];
}

/** The result as Markdown, to be pasted. */
export function markdown(result: BenchResult): string {
  const { machine, torch, peakGflops, training, tokenizer, decoding, serving, warnings } = result;
  const { autodidact, node, onnxruntime } = machine.versions;
  const versions = [`autodidact ${autodidact}`, `Node ${node}`, `ONNX Runtime ${onnxruntime}`];
  if (torch) versions.push(`PyTorch ${torch}`);
  for (const [name, version] of Object.entries(decoding?.versions ?? {})) versions.push(`${name} ${version}`);
  const parts = [
    `${result.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ` +
      `${formatBytes(machine.memoryBytes)} memory, ${machine.platform}  \n` +
      `${versions.join(", ")}; a matrix product reaches ${peakGflops.toFixed(0)} GFLOP/s`,
    ...warnings.map((warning) => `**Warning:** ${warning}`),
  ];
  const [decoders, networks] = [training.filter(countsTokens), training.filter((r) => !countsTokens(r))];
  if (decoders.length > 0) parts.push(trainingTable(decoders, peakGflops));
  if (networks.length > 0) parts.push(imageTrainingTable(networks));
  if (tokenizer) parts.push(tokenizerTable(tokenizer));
  if (decoding) parts.push(decodingTable(decoding));
  if (serving.length > 0) parts.push(servingTable(serving));
  return parts.join("\n\n");
}

const countsTokens = ({ unit }: TrainingResult) => unit === "tokens";

function trainingTable(results: readonly TrainingResult[], peakGflops: number): string {
  const rows = results.map((result) => {
    const { speeds, memory } = sidesOf(result);
    const { gflops } = result;
    const rates = gflops === undefined ? ["-", "-"] : [gflops.toFixed(0), formatShare(gflops / peakGflops)];
    return [...speeds, ...rates, ...memory];
  });
  const heads = ["a training step, float32, AdamW", "tok/s", "PyTorch tok/s", "ratio (min..max)"];
  return table([...heads, "GFLOP/s", "of peak", "peak memory", "PyTorch's"], rows);
}

/** Without GFLOP/s: operations are counted for decoders alone. */
function imageTrainingTable(results: readonly TrainingResult[]): string {
  const rows = results.map(sidesOf).map(({ speeds, memory }) => [...speeds, ...memory]);
  const heads = ["a training step on images, float32, AdamW", "images/s", "PyTorch images/s"];
  return table([...heads, "ratio (min..max)", "peak memory", "PyTorch's"], rows);
}

function sidesOf({ shape, parameters, ours, pytorch, ratio }: TrainingResult) {
  return {
    speeds: [
      `${shape} (${formatCount(parameters)})`,
      speed(ours.unitsPerSecond),
      pytorch ? speed(pytorch.unitsPerSecond) : "-",
      spread(ratio),
    ],
    memory: [formatBytes(ours.peakBytes), pytorch ? formatBytes(pytorch.peakBytes) : "-"],
  };
}

function tokenizerTable(result: TokenizerResult): string {
  const { bytes, vocabSize, trainingSeconds, encodingMegabytesPerSecond, bytesPerToken } = result;
  return table(
    ["byte-pair tokenizer", "training", "encoding", "bytes a token"],
    [
      [
        `${formatBytes(bytes)}, vocab ${vocabSize}`,
        `${trainingSeconds.toFixed(1)} s`,
        `${encodingMegabytesPerSecond.toFixed(1)} MB/s`,
        bytesPerToken.toFixed(2),
      ],
    ],
  );
}

/** Writing token by token, and reading the prompt, of each form. */
function decodingTable({
  parameters,
  threads,
  promptLength,
  count,
  rows,
  readTwice,
}: DecodingResult): string {
  const kinds: [keyof Speeds, string][] = [
    ["writing", `${count} tokens after ${promptLength}`],
    ["reading", `a prompt of ${promptLength}`],
  ];
  const cells = kinds.flatMap(([kind, what]) =>
    rows.map(({ form, ours, others }) => [
      `${form}, ${what}`,
      speed(ours.speeds[kind]),
      ...peerNames.flatMap((name) => {
        const other = others[name];
        return [other ? speed(other.speeds[kind]) : "-", spread(other?.ratios[kind])];
      }),
    ]),
  );
  const heads = peerNames.flatMap((name) => [`${name} tok/s`, "ratio (min..max)"]);
  const title = `decoding, GPT-2 (${formatCount(parameters)}), one text, ${threads} threads`;
  const note = `Reading all float32 weights twice a token would give ${speed(readTwice)} tok/s.`;
  return `${table([title, "tok/s", ...heads], cells)}\n\n${note}`;
}

function servingTable(results: readonly ServingResult[]): string {
  const rows = results.flatMap(({ parameters, phases, ratio }) =>
    phases.map((phase) => [
      `GPT-2 (${formatCount(parameters)}), ${phase.clients === 1 ? "one client" : `${phase.clients} clients`}, ${phase.seconds} s`,
      String(phase.answers),
      String(phase.errors.length),
      speed(phase.tokensPerSecond),
      phase.clients === 1 ? "1" : ratio.toFixed(2),
      `${phase.firstTokenMs.median.toFixed(0)} / ${phase.firstTokenMs.p95.toFixed(0)} ms`,
      `${phase.blockedMs.toFixed(0)} ms`,
      `${formatBytes(phase.residentBytes.warm)} / ${formatBytes(phase.residentBytes.end)}`,
    ]),
  );
  const heads = ["serving", "answers", "errors", "tok/s", "to one client", "first token, median / p95"];
  return table([...heads, "event loop blocked", "memory, warm / at the end"], rows);
}

const spread = (ratio: Spread | undefined) =>
  ratio ? `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})` : "-";

/** Three digits. */
const speed = (perSecond: number) => Number(perSecond.toPrecision(3)).toLocaleString("en-US");

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
