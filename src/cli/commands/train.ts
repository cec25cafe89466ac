import { existsSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Command } from "commander";
import { AutodidactError } from "../../core/errors.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { measurePeak } from "../../core/runtime/peak.js";
import { RankError } from "../../distributed/errors.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { lockFolder } from "../../files/lock.js";
import { type ObjectStore, openObjectStore } from "../../interop/object-store.js";
import { modalityOf } from "../../modalities/find.js";
import type { Description, Modality, SharedRecipe, Surroundings } from "../../modalities/modality.js";
import { joinRun, type Run, resumeRun, startRun } from "../../modalities/run.js";
import { RecipeError } from "../../recipe/errors.js";
import type { Override } from "../../recipe/overrides.js";
import { quoted } from "../../recipe/quoted.js";
import { figuresOf } from "../../training/evaluate.js";
import type { LoopOptions, Summary } from "../../training/loop.js";
import { endTogether } from "../../training/together.js";
import { aroundOf } from "../around.js";
import { openMirror, pullRun, requirePlace } from "../mirror.js";
import { parseCount } from "../numbers.js";
import { isLaunched, isRank, joinRanks, launchRanks, tellLauncher, threadsOf } from "../ranks.js";
import { changed, loadRecipe, shippedRecipes } from "../recipes.js";
import { formatCount, formatDuration, formatLoss } from "../terminal/format.js";
import { endProgress } from "../terminal/phase.js";
import { interruptedExitCode, untilStopped } from "../until-stopped.js";
import { watchRun } from "../watch.js";

interface TrainFlags {
  out?: string;
  resume?: string;
  ranks?: number;
  restarts: number;
  mirror?: string;
  json?: boolean;
}

export function trainCommand(overrides: readonly Override[], modalities: readonly Modality[]): Command {
  return new Command("train")
    .description(
      "Train a model by a recipe: a file, or the name of a shipped one. Any value of the recipe can be set by a dotted flag.",
    )
    .argument("[recipe]", `a recipe file, .ts, .js or .json, or one of ${shippedRecipes().join(", ")}`)
    .option("--out <folder>", "folder of the run (default: runs/<recipe>, numbered when taken)")
    .option("--resume <folder>", "continue the run in this folder from its latest checkpoint")
    .option("--ranks <number>", "share each step's micro-batches among processes of this machine", parseCount)
    .option(
      "--restarts <number>",
      "how often ranks that have failed are started again, from the last checkpoint",
      parseCount,
      0,
    )
    .option("--mirror <address>", "keep a copy of the run in s3://bucket/prefix; --resume goes on from it")
    .option("--json", "print the summary as one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  autodidact train gpt-quickstart
  autodidact train recipes/gpt-small.ts --data.files "notes/**/*.md" --out runs/notes
  autodidact train gpt-small --data.files book.txt --optimizer.lr=3e-3 --training.steps 500
  autodidact train --resume runs/notes
  autodidact train gpt-small --data.files book.txt --training.microBatches 4 --ranks 2

Ctrl-C finishes the step, saves, and exits with code ${interruptedExitCode}; Ctrl-C again quits at once.
A file "stop" in the run's folder ends it in the same way.`,
    )
    .action(async (recipe: string | undefined, flags: TrainFlags) => {
      if (isRank(process.env)) {
        requireNoRanks(flags);
        return trainTogether(recipe, flags, overrides, modalities);
      }
      if (flags.ranks !== undefined && flags.ranks > 1) {
        const { ranks, restarts, mirror, json } = flags;
        const again = [...(mirror ? ["--mirror", mirror] : []), ...(json ? ["--json"] : [])];
        process.exitCode = await launchRanks(ranks, process.argv.slice(2), { restarts, again });
        return;
      }
      if (flags.restarts > 0) throw withoutRanks(flags.restarts);
      return trainAlone(recipe, flags, overrides, aroundOf(modalities));
    });
}

function withoutRanks(restarts: number): RecipeError {
  return new RecipeError(
    "nobody could start this training again",
    `--restarts ${restarts} without --ranks of 2 or more`,
    "give --ranks, or leave --restarts out",
  );
}

/** Of a process that another launcher has started as one of several. */
function requireNoRanks({ ranks, restarts }: TrainFlags): void {
  if (isLaunched(process.env) || (ranks === undefined && restarts === 0)) return;
  throw new RecipeError(
    "a launcher has started the ranks, and starts them again",
    `--ranks ${ranks ?? "not given"}, --restarts ${restarts}, beside ranks that the environment names`,
    "leave both out",
  );
}

function trainAlone(
  recipe: string | undefined,
  flags: TrainFlags,
  overrides: readonly Override[],
  around: Surroundings,
): Promise<void> {
  const store = flags.mirror === undefined ? undefined : openObjectStore(flags.mirror, process.env);
  return untilStopped(async (signal, beginsTraining) => {
    const there = store && (await reconcile(store, flags.resume));
    const run = await open(recipe, flags, overrides, { ...around, ahead: true, lock, signal });
    tellLauncher(process.env, { run: run.folder.location });
    beginsTraining();
    const mirror = there && openMirror(run.folder, store, there, (line) => say([line]));
    await train(run, flags.json ?? false, { signal, onCheckpoint: mirror?.update });
    if (!mirror) return;
    await mirror.finish();
    say([`copied to ${store.location}`]);
  });
}

/** Where this machine has not the run to resume, its copy becomes it; a new run needs a place for its copy. Gives what is there. */
async function reconcile(store: ObjectStore, resumed: string | undefined): Promise<Map<string, number>> {
  const there = await store.list();
  const place = resumed === undefined ? undefined : openFolder(resolve(resumed));
  if (place !== undefined && (await place.size("recipe.json")) === undefined) {
    const files = await pullRun(store, there, place);
    if (files > 0) say([`${files} files came from ${store.location}`]);
  } else await requirePlace(store, there, place);
  return there;
}

/** As one of several ranks: rank 0 does what a process alone does, the others take its steps. */
async function trainTogether(
  recipe: string | undefined,
  flags: TrainFlags,
  overrides: readonly Override[],
  modalities: readonly Modality[],
): Promise<void> {
  const collective = await joinRanks(process.env);
  const around = { ...aroundOf(modalities), collective, stepThreads: threadsOf(process.env) };
  try {
    if (collective.rank === 0) {
      await trainAlone(recipe, flags, overrides, around);
      return await endTogether(collective);
    }
    // Rank 0 says when to stop.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {});
    await joinRun({ ...around, ahead: true });
    await collective.close();
  } catch (error) {
    if (error instanceof RankError) tellLauncher(process.env, { isLost: true });
    await collective
      .abort(error instanceof AutodidactError ? error.what : (error as Error).message)
      .catch(() => {});
    throw error;
  }
}

async function open(
  recipe: string | undefined,
  flags: TrainFlags,
  overrides: readonly Override[],
  around: Surroundings,
): Promise<Run> {
  if ((recipe === undefined) === (flags.resume === undefined)) {
    throw new RecipeError(
      "train needs a recipe or a run to resume, one of them",
      `recipe ${recipe ?? "none"}, --resume ${flags.resume ?? "none"}`,
      `for example: autodidact train ${shippedRecipes()[0]}`,
    );
  }
  const { modalities } = around;
  if (flags.resume !== undefined) {
    const path = flags.resume;
    const change = (saved: SharedRecipe) => {
      if (overrides.length === 0) return saved;
      const { recipe, notes } = changed(saved, overrides, path, modalities);
      say(notes);
      return recipe;
    };
    const place = openFolder(resolve(path));
    return orResumable(resumeRun(place, around, change), place, around);
  }
  const loaded = await loadRecipe(recipe!, overrides, modalities);
  const out = openFolder(resolve(flags.out ?? freeFolder(loaded.name)));
  say([...loaded.notes, `preparing ${modalityOf(loaded.recipe, modalities).sourceOf(loaded.recipe)}`]);
  return orResumable(startRun(loaded.recipe, out, around), out, around);
}

/** What was stopped while it was made ready, with its recipe written, can be resumed. */
async function orResumable<T>(run: Promise<T>, place: Folder, { signal }: Surroundings): Promise<T> {
  try {
    return await run;
  } catch (error) {
    endProgress();
    if (signal?.aborted && (await place.size("recipe.json")) !== undefined) say([resumeLine(place)]);
    throw error;
  }
}

const shownPath = ({ location }: Folder) => relative(process.cwd(), location) || ".";

const resumeLine = (place: Folder) => `resume: npx autodidact train --resume ${quoted(shownPath(place))}`;

const say = (lines: readonly string[]) => process.stderr.write(lines.map((line) => `${line}\n`).join(""));

function freeFolder(name: string): string {
  const candidates = [`runs/${name}`, ...Array.from({ length: 9999 }, (_, i) => `runs/${name}-${i + 2}`)];
  const isEmpty = (path: string) =>
    statSync(path).isDirectory() && readdirSync(path).every((name) => name === "run.lock");
  return candidates.find((folder) => !existsSync(folder) || isEmpty(folder))!;
}

/** Makes a run's folder this process's own. A folder that is new goes again when nothing came of the run. */
async function lock({ location }: Folder): Promise<{ release(): Promise<void> }> {
  const isNew = !existsSync(location);
  const { release } = await lockFolder(location);
  return {
    async release() {
      await release();
      if (isNew && readdirSync(location).length === 0) rmdirSync(location);
    },
  };
}

async function train(
  run: Run,
  json: boolean,
  asked: Pick<LoopOptions, "signal" | "onCheckpoint">,
): Promise<void> {
  endProgress();
  const gflops = await measurePeak(nodeRuntime, { budgetMs: 50 });
  const peak = `matrix products reach ${gflops.toFixed(0)} GFLOP/s here`;
  const { description, leftOut = [], notes = [] } = run;
  const left = leftOut.length > 0 ? [`left out: ${leftOut.join(", ")}`] : [];
  say([introductionOf(description, run.trainer.layout.size), ...left, ...notes, peak]);
  const { finish, ...callbacks } = await watchRun(run, gflops);
  const summary = await run.train({ ...asked, ...callbacks }).finally(finish);
  conclude(run, summary, json);
  if (summary.reason === "interrupted") process.exitCode = interruptedExitCode;
}

function introductionOf(
  { model, parameters, details, train, validation, unit }: Description,
  trained: number,
) {
  const part = trained === parameters ? "" : `, of which ${formatCount(trained)} are trained`;
  return (
    `${[`${model} with ${formatCount(parameters)} parameters${part}`, ...details].join(", ")}; ` +
    `${formatCount(train)} ${unit} to learn from, ${formatCount(validation)} held out`
  );
}

const reasons: Record<Summary["reason"], string> = {
  steps: "all steps taken",
  target: "the target loss is reached",
  patience: "the validation loss no longer falls",
  interrupted: "interrupted",
};

function conclude({ folder: place, next }: Run, summary: Summary, json: boolean): void {
  const folder = shownPath(place);
  const validation = summary.validation && figuresOf(summary.validation);
  if (json) process.stdout.write(`${JSON.stringify({ run: folder, ...summary, validation })}\n`);
  const lines = [
    `${reasons[summary.reason]}: step ${summary.steps}, ${formatDuration(summary.seconds)} of training, ` +
      `loss ${formatLoss(summary.loss)}, best validation loss ${formatLoss(summary.bestLoss)}`,
    `run: ${folder}`,
    ...(summary.reason === "interrupted"
      ? [resumeLine(place)]
      : ["next:", ...(next?.(quoted(folder)) ?? []).map((command) => `  ${command}`)]),
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
}
