/** `autodidact bench`: the project's numbers on this machine, with other programs' beside them where they are installed. */
import { Command, Option } from "commander";
import { type BenchResult, markdown } from "../../bench/report.js";
import {
  benchTraining,
  leastYardstickGflops,
  type TrainingResult,
  type Workload,
} from "../../bench/training.js";
import { defaultPython, findTorch, installTorch } from "../../bench/yardstick.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { measurePeak } from "../../core/runtime/peak.js";
import { benchNetworks, networkTraining } from "../../modalities/images/bench/networks.js";
import { benchDecoders, decoderTraining } from "../../modalities/text/bench/decoders.js";
import { benchDecoding, type DecodingResult, disagreements } from "../../modalities/text/bench/decoding.js";
import { findPeers, installPeers, peerNames } from "../../modalities/text/bench/peers.js";
import {
  benchServing,
  type ServedShape,
  type ServingResult,
  servedShapes,
  shortfalls,
} from "../../modalities/text/bench/serving.js";
import { benchTokenizer, type TokenizerResult } from "../../modalities/text/bench/tokenizer.js";
import { describeMachine } from "../machine.js";
import { parseCount } from "../numbers.js";

interface BenchFlags {
  only?: string[];
  steps?: number;
  seconds: number;
  torch: boolean;
  python: string;
  json?: boolean;
}

const workloads: readonly Workload[] = [
  ...benchDecoders.map(decoderTraining),
  ...benchNetworks.map(networkTraining),
];

/** What runs without `--only`: everything that has a number to reach; the others are for a look. */
const usual = [
  ...["small", "medium", "gpt2", "gpt2-lora"],
  ...benchNetworks.map(({ name }) => name),
  ...["tokenizer", "decoding", "serving"],
];

export function benchCommand(): Command {
  return new Command("bench")
    .description("measure training on text and images, decoding, serving and the tokenizer on this machine")
    .addOption(
      new Option("--only <names...>", "what to measure").choices([
        ...workloads.map(({ name }) => name),
        "tokenizer",
        "decoding",
        ...servedShapes.map(({ name }) => name),
      ]),
    )
    .option("--steps <n>", "measured training steps of each side", parseCount)
    .option("--seconds <n>", "how long many clients ask the server", parseCount, 20)
    .option("--no-torch", "measure ours alone")
    .option("--python <path>", "Python that has PyTorch", defaultPython)
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  $ autodidact bench --only small medium\n  $ autodidact bench --only dit unet",
    )
    .action(async (flags: BenchFlags) => {
      // On exit processes end and temporary folders go; a signal alone would leave them.
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
      const result = await bench(flags);
      process.stdout.write(`${flags.json ? JSON.stringify(result, undefined, 2) : markdown(result)}\n`);
    });
}

/** One section after the other, so that none disturbs another. */
async function bench({ only = usual, seconds, ...flags }: BenchFlags): Promise<BenchResult> {
  const warnings: string[] = [];
  const trained = workloads.filter(({ name }) => only.includes(name));
  const training = await trainingSection(trained, flags, warnings);
  const tokenizer = only.includes("tokenizer") ? await tokenizerSection() : undefined;
  const decoding = only.includes("decoding") ? await decodingSection(warnings) : undefined;
  const shapes = servedShapes.filter(({ name }) => only.includes(name));
  const serving = await servingSection(shapes, seconds, warnings);
  const [date, machine] = [new Date().toISOString(), describeMachine()];
  return { date, machine, ...training, tokenizer, decoding, serving, warnings };
}

async function trainingSection(
  trained: readonly Workload[],
  { steps, torch: isWanted, python }: Pick<BenchFlags, "steps" | "torch" | "python">,
  warnings: string[],
): Promise<Pick<BenchResult, "torch" | "peakGflops" | "training">> {
  const wanted = isWanted && trained.some(({ alone }) => !alone);
  const found = wanted ? await findTorch(python) : { missing: "" };
  const torch = "version" in found ? found.version : undefined;
  if (wanted && !torch) warnings.push(`${python} has no PyTorch to compare with: ${installTorch}`);
  const peak = [await measurePeak(nodeRuntime)];
  const training: TrainingResult[] = [];
  for (const workload of trained) {
    announce(`training step: ${workload.shape}`);
    training.push(await benchTraining(workload, { python: torch && python, steps }));
    peak.push(await measurePeak(nodeRuntime));
  }
  if (training.some(({ pytorch }) => pytorch && pytorch.gemmGflops < leastYardstickGflops)) {
    warnings.push(`PyTorch runs on the reference BLAS, which says nothing: ${installTorch}`);
  }
  // The best of several moments: a machine that was busy at one of them has not become slower.
  return { torch, peakGflops: Math.max(...peak), training };
}

function tokenizerSection(): Promise<TokenizerResult> {
  announce("byte-pair tokenizer");
  return benchTokenizer();
}

async function decodingSection(warnings: string[]): Promise<DecodingResult> {
  announce("decoding");
  const peers = findPeers();
  const missing = peerNames.filter((name) => !peers.some((peer) => peer.name === name));
  if (missing.length > 0) {
    warnings.push(`${missing.join(" and ")} cannot be compared with; in a checkout: ${installPeers}`);
  }
  const result = await benchDecoding({ peers });
  warnings.push(...disagreements(result));
  return result;
}

async function servingSection(
  shapes: readonly ServedShape[],
  seconds: number,
  warnings: string[],
): Promise<ServingResult[]> {
  const results: ServingResult[] = [];
  for (const shape of shapes) {
    announce(`${shape.name}: many clients for ${seconds} seconds, one before and after`);
    const result = await benchServing(shape, { seconds });
    results.push(result);
    warnings.push(...shortfalls(result));
  }
  return results;
}

const announce = (section: string) => process.stderr.write(`measuring ${section}\n`);
