import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { openFolder } from "../../files/disk.js";
import type { Modality, Surroundings } from "../../modalities/modality.js";
import { startRun } from "../../modalities/run.js";
import type { Override } from "../../recipe/overrides.js";
import { findLearningRate, type RateSearch } from "../../training/lr-find.js";
import { aroundOf } from "../around.js";
import { parseCount, parseRate } from "../numbers.js";
import { loadRecipe } from "../recipes.js";
import { lossCurve } from "../terminal/curve.js";
import { untilStopped } from "../until-stopped.js";

interface LrFindFlags {
  from: number;
  to: number;
  steps: number;
  json?: boolean;
}

export function lrFindCommand(overrides: readonly Override[], modalities: readonly Modality[]): Command {
  return new Command("lr-find")
    .description(
      "Raise the learning rate step by step, show the loss, suggest a rate. Dotted flags as for train.",
    )
    .argument("<recipe>", "a recipe file or the name of a shipped one")
    .option("--from <lr>", "first rate", parseRate, 1e-5)
    .option("--to <lr>", "last rate", parseRate, 1)
    .option("--steps <n>", "steps from one to the other", parseCount, 100)
    .option("--json", "print one JSON object")
    .addHelpText("after", "\nExample:\n  autodidact lr-find recipes/gpt-small.ts --data.files notes.txt")
    .action((name: string, flags: LrFindFlags) =>
      untilStopped((signal) => search(name, flags, overrides, { ...aroundOf(modalities), signal })),
    );
}

async function search(
  name: string,
  { from, to, steps, json = false }: LrFindFlags,
  overrides: readonly Override[],
  around: Surroundings,
): Promise<void> {
  const { recipe, notes } = await loadRecipe(name, overrides, around.modalities);
  for (const note of notes) process.stderr.write(`${note}\n`);
  const place = mkdtempSync(join(tmpdir(), "autodidact-"));
  try {
    const run = await startRun(recipe, openFolder(place), around);
    const range = { baseLr: recipe.optimizer.lr, from, to, steps };
    const found = await findLearningRate(run.trainer, run.data.training, range, ({ lr, loss }) => {
      around.signal?.throwIfAborted();
      if (process.stderr.isTTY) process.stderr.write(`\rlr ${lr.toExponential(2)}  loss ${loss.toFixed(4)} `);
    });
    report(found, json);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function report({ points, suggestion }: RateSearch, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ suggestion, points })}\n`);
    return;
  }
  const train = points.map(({ loss }, i) => ({ step: i + 1, loss }));
  process.stdout.write(`\n${lossCurve({ train })}`);
  const marks = points.filter((_, i) => i % Math.ceil(points.length / 8) === 0);
  process.stdout.write(
    `step: rate  ${marks.map(({ lr }) => `${points.findIndex((p) => p.lr === lr) + 1}: ${lr.toExponential(1)}`).join("  ")}\n`,
  );
  process.stdout.write(
    suggestion === undefined
      ? "no suggestion: the loss never fell; try a lower --from\n"
      : `suggestion: --optimizer.lr=${suggestion.toExponential(1)} (where the loss falls fastest)\n`,
  );
}
