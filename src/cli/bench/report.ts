/** The benchmark's result and its Markdown. */
import type { Machine } from "../machine.js";
import { formatBytes, formatCount, formatShare } from "../terminal/format.js";
import type { GenerationResult } from "./generation.js";
import type { TokenizerResult } from "./tokenizer.js";
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
  readonly generation?: GenerationResult;
  readonly warnings: readonly string[];
}

/** The result as Markdown, to be pasted. */
export function markdown(result: BenchResult): string {
  const { machine, torch, peakGflops, training, tokenizer, generation, warnings } = result;
  const { autodidact, node, onnxruntime } = machine.versions;
  const versions = [`autodidact ${autodidact}`, `Node ${node}`, `ONNX Runtime ${onnxruntime}`];
  if (torch) versions.push(`PyTorch ${torch}`);
  const parts = [
    `${result.date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ` +
      `${formatBytes(machine.memoryBytes)} memory, ${machine.platform}  \n` +
      `${versions.join(", ")}; a matrix product reaches ${peakGflops.toFixed(0)} GFLOP/s`,
    ...warnings.map((warning) => `**Warning:** ${warning}`),
  ];
  if (training.length > 0) parts.push(trainingTable(training, peakGflops));
  if (tokenizer) parts.push(tokenizerTable(tokenizer));
  if (generation) parts.push(generationTable(generation));
  return parts.join("\n\n");
}

function trainingTable(results: readonly TrainingResult[], peakGflops: number): string {
  const rows = results.map(({ shape, parameters, ours, gflops, pytorch, ratio }) => [
    `${shape} (${formatCount(parameters)})`,
    speed(ours.tokensPerSecond),
    pytorch ? speed(pytorch.tokensPerSecond) : "-",
    ratio ? `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})` : "-",
    gflops.toFixed(0),
    formatShare(gflops / peakGflops),
    formatBytes(ours.peakBytes),
    pytorch ? formatBytes(pytorch.peakBytes) : "-",
  ]);
  const heads = ["a training step, float32, AdamW", "tok/s", "PyTorch tok/s", "ratio (min..max)"];
  return table([...heads, "GFLOP/s", "of peak", "peak memory", "PyTorch's"], rows);
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

function generationTable({ parameters, tokensPerSecond, readTwice }: GenerationResult): string {
  const { float32, int8, int4 } = tokensPerSecond;
  return table(
    ["generation, tok/s", "float32", "int8", "int4", "float32 weights read twice a token"],
    [[`GPT-2 (${formatCount(parameters)})`, ...[float32, int8, int4, readTwice].map(speed)]],
  );
}

/** Three digits. */
const speed = (tokensPerSecond: number) => Number(tokensPerSecond.toPrecision(3)).toLocaleString("en-US");

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, i) => (i === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
