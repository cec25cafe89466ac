/** `autodidact bench`: the project's numbers on this machine, with other programs' beside them where they are installed. */
import { Command, Option } from "commander";
import type { BenchPart, BenchReport } from "../../bench/bench.js";
import { measureSections, measureTraining } from "../../bench/measure.js";
import { defaultPython } from "../../bench/yardstick.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import type { Device } from "../../core/runtime/session.js";
import type { Modality } from "../../modalities/modality.js";
import { type BenchResult, markdown } from "../bench-report.js";
import { describeMachine } from "../machine.js";
import { parseCount } from "../numbers.js";

interface BenchFlags {
  only?: string[];
  steps?: number;
  seconds: number;
  torch: boolean;
  python: string;
  device: Device;
  json?: boolean;
}

/** What the benchmark wants of a kind of data. */
export type Benched = Pick<Modality, "bench">;

export function benchCommand(modalities: readonly Benched[]): Command {
  return new Command("bench")
    .description("measure training, and what else models do, on this machine")
    .addOption(onlyOption(modalities.flatMap(partsOf)))
    .option("--steps <n>", "measured training steps of each side", parseCount)
    .option("--seconds <n>", "how long a server is watched under load", parseCount, 20)
    .option("--no-torch", "measure ours alone")
    .option("--python <path>", "Python that has PyTorch", defaultPython)
    .addOption(
      new Option(
        "--device <device>",
        "where training steps are computed; PyTorch takes the accelerator that it finds",
      )
        .choices(nodeRuntime.devices())
        .default("cpu"),
    )
    .option("--json", "print JSON")
    .addHelpText("after", `\nExamples:\n${modalities.flatMap(exampleOf).join("\n")}`)
    .action(async (flags: BenchFlags) => {
      // On exit processes end and temporary folders go; a signal alone would leave them.
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
      const { result, report } = await measure(modalities, flags);
      const text = flags.json ? JSON.stringify(result, undefined, 2) : markdown(result, report);
      process.stdout.write(`${text}\n`);
    });
}

function onlyOption(parts: readonly BenchPart[]): Option {
  const unusual = parts.filter(({ onlyAsked }) => onlyAsked).map(({ name }) => name);
  const usual = unusual.length > 0 ? `all but ${unusual.join(", ")}` : "all";
  return new Option("--only <names...>", `what to measure, instead of ${usual}`).choices(
    parts.map(({ name }) => name),
  );
}

function partsOf({ bench }: Benched): BenchPart[] {
  return [...(bench?.workloads ?? []), ...(bench?.sections ?? []).flatMap(({ parts }) => parts)];
}

function exampleOf(modality: Benched): string[] {
  const names = partsOf(modality).map(({ name }) => name);
  return names.length === 0 ? [] : [`  $ autodidact bench --only ${names.slice(0, 2).join(" ")}`];
}

async function measure(
  modalities: readonly Benched[],
  { only, steps, seconds, torch, python, device }: BenchFlags,
): Promise<{ result: BenchResult; report: BenchReport }> {
  const isWanted = ({ name, onlyAsked }: BenchPart) => only?.includes(name) ?? !onlyAsked;
  const warnings: string[] = [];
  const around = { seconds, announce, warn: (warning: string) => void warnings.push(warning) };
  const workloads = modalities.flatMap(({ bench }) => bench?.workloads ?? []).filter(isWanted);
  const sections = modalities.flatMap(({ bench }) => bench?.sections ?? []);
  const training = await measureTraining(
    workloads,
    { python: torch ? python : undefined, steps, device },
    around,
  );
  const report = await measureSections(sections, isWanted, around);
  const [date, machine] = [new Date().toISOString(), describeMachine()];
  return { result: { date, machine, ...training, ...report.results, warnings }, report };
}

const announce = (what: string) => process.stderr.write(`measuring ${what}\n`);
