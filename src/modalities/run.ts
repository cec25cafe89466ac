/** A run folder and what stands behind it: recipe, data, trainer. */
import { AutodidactError } from "../core/errors.js";
import { input } from "../core/graph/tensor.js";
import { neg } from "../core/ops/elementwise.js";
import { compile, type Device, type Runtime } from "../core/runtime/session.js";
import type { TrainingData } from "../data/training-data.js";
import { alone, type Collective } from "../distributed/collective.js";
import { TokenizerError } from "../features/tokenizer/tokenizer.js";
import { FolderError, ShardError } from "../files/errors.js";
import type { Folder } from "../files/folder.js";
import type { Weights } from "../nn/weights.js";
import type { Task } from "../objectives/task.js";
import { scheduleFactor } from "../optim/schedule.js";
import { RecipeError, RunError } from "../recipe/errors.js";
import { readSavedRecipe, requireEmpty, requireKept, writeRecipe } from "../recipe/run-folder.js";
import { checkCheckpoint, loadCheckpoint, readName } from "../training/checkpoint.js";
import { createDilocoTrainer, type DilocoOptions } from "../training/diloco.js";
import { iterate, type LoopOptions, type Summary } from "../training/loop.js";
import { chooseProducts } from "../training/products.js";
import { awaitRun, beginTogether, follow, leading } from "../training/together.js";
import { createTrainer, type Trainer, type TrainerOptions } from "../training/trainer.js";
import { weightsOf } from "../training/weights.js";
import { buildOptimizer } from "./build-optimizer.js";
import { modalityOf, resolveRecipe } from "./find.js";
import type { Learning, Lock, Modality, SharedRecipe, Surroundings, Trained } from "./modality.js";
import { kindOf } from "./saved.js";
import type { LearningOf } from "./table.js";

export { RunError } from "../recipe/errors.js";

type Watched = Pick<
  LoopOptions,
  "signal" | "onStep" | "onEvaluation" | "onEvaluationProgress" | "onCheckpoint"
>;

/** What a recipe's modality makes of it, and what trains it. */
export type Run<R extends SharedRecipe = SharedRecipe, L extends Learning = Learning> = L & {
  readonly data: TrainingData;
  readonly recipe: R;
  readonly folder: Folder;
  readonly trainer: Trainer;
  /** All of the model, trained or not: an adapter's weights beside those of its base. */
  readonly weights: Weights;
  /** Trains to the end, or on from the latest checkpoint; gives the folder up then. */
  train(callbacks?: Watched): Promise<Summary>;
};

/**
 * Starts a run in an empty folder. What goes wrong before training leaves the folder empty; from the first file on
 * `resumeRun` takes the run up wherever it was stopped. Throws `RunError` for a folder in use, `RecipeError` for
 * parts that do not go together, and what reading the data throws.
 */
export async function startRun<R extends SharedRecipe>(
  recipe: R,
  folder: Folder,
  around: Surroundings,
): Promise<Run<R, LearningOf<R>>> {
  await requireEmpty(folder);
  return owned(folder, around, () => begin(recipe, folder, around));
}

/** A run that is ready to be trained. */
interface Ready<R extends SharedRecipe> {
  readonly recipe: R;
  readonly learning: LearningOf<R>;
  readonly trainer: Trainer;
}

/** Takes the folder before a run is made ready; gives it up where that fails. */
async function owned<R extends SharedRecipe>(
  folder: Folder,
  around: Surroundings,
  ready: () => Promise<Ready<R>>,
): Promise<Run<R, LearningOf<R>>> {
  const lock = await around.lock?.(folder);
  try {
    return await assemble(await ready(), folder, lock, around);
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

async function begin<R extends SharedRecipe>(
  recipe: R,
  folder: Folder,
  around: Surroundings,
): Promise<Ready<R>> {
  await checkTraining(recipe, around);
  const prepared = await modalityOf(recipe, around.modalities).prepare(recipe, around);
  const asked = prepared.recipe as R;
  const early = prepared.task && (await compileRun(asked, { ...prepared, task: prepared.task }, around));
  try {
    // First: with it a run that is killed while its data are written can be resumed.
    await writeRecipe(early?.recipe ?? asked, folder);
    const learning = (await prepared.write(folder.folder("data"))) as LearningOf<R>;
    scheduleFactor(asked.optimizer.schedule, 0, learning.steps);
    await tryFirstBatches(learning);
    const { recipe: noted, notes, trainer } = early ?? (await compileRun(asked, learning, around));
    if (!early) await writeRecipe(noted, folder);
    return { recipe: noted, learning: noting(learning, notes), trainer };
  } catch (error) {
    const isRefusal = error instanceof AutodidactError && !(error instanceof FolderError);
    // What was refused is not begun; what a full disk or a kill stopped can be resumed.
    if (isRefusal) for (const name of ["recipe.json", "data"]) await folder.remove(name);
    throw error;
  }
}

/**
 * Opens a run to continue it; `change` may alter its recipe, apart from data, features and model. Throws
 * `RunError` when there is none, `ResumeError` when its checkpoint does not fit.
 */
export async function resumeRun<R extends SharedRecipe = SharedRecipe>(
  folder: Folder,
  around: Surroundings,
  change: (recipe: R) => R = (recipe) => recipe,
): Promise<Run<R, LearningOf<R>>> {
  await readSavedRecipe(folder);
  return owned(folder, around, () => goOn(folder, around, change));
}

async function goOn<R extends SharedRecipe>(
  folder: Folder,
  around: Surroundings,
  change: (recipe: R) => R,
): Promise<Ready<R>> {
  const saved = await readRecipe<R>(folder, around.modalities);
  const asked = change(saved);
  requireKept(saved, asked, folder);
  await checkTraining(asked, around);
  const opened = (await openData(asked, folder, around)) as LearningOf<R>;
  const { recipe, notes, trainer } = await compileRun(asked, opened, around);
  const learning = noting(opened, notes);
  await checkCheckpoint(folder, trainer.layout, trainer.arrays);
  if (recipe !== saved) await writeRecipe(recipe, folder);
  return { recipe, learning, trainer };
}

/** The resolved recipe that a run keeps. Throws `RunError` when there is none. */
export async function readRecipe<R extends SharedRecipe = SharedRecipe>(
  folder: Folder,
  modalities?: readonly Modality[],
): Promise<R> {
  return resolveRecipe<R>(await readSavedRecipe(folder), `${folder.location}/recipe.json`, modalities);
}

/**
 * The data of a run that goes on. Where a kill left them incomplete they are made again, unless there is a
 * checkpoint: it has learned from data that might now come out otherwise.
 */
async function openData(recipe: SharedRecipe, folder: Folder, around: Surroundings): Promise<Learning> {
  const modality = modalityOf(recipe, around.modalities);
  const data = folder.folder("data");
  try {
    return await modality.open(recipe, data, around);
  } catch (error) {
    if (!(error instanceof ShardError || error instanceof TokenizerError)) throw error;
    const checkpoint = await readName(folder, "latest");
    if (checkpoint === undefined) return (await modality.prepare(recipe, around)).write(data);
    throw new RunError(
      "the data that a run learns from cannot be read",
      `${error.what} ${error.values}; its checkpoint ${checkpoint} is of these data`,
      "restore the run's data/ from a copy, or start a new run",
      { cause: error },
    );
  }
}

/** What does not go together shows in the first batches. */
async function tryFirstBatches({ data }: Learning): Promise<void> {
  if (typeof data === "function") return;
  await data.training(0);
  for await (const _ of data.validation(1));
}

/** The trainer, and the recipe with what was measured noted. */
async function compileRun<R extends SharedRecipe>(
  asked: R,
  { task, start, steps }: Trained,
  { runtime, collective, stepThreads }: Surroundings,
): Promise<{ recipe: R; notes: readonly string[]; trainer: Trainer }> {
  const { recipe, notes } = await withProducts(asked, task, runtime);
  const { optimizer, training } = recipe;
  if (steps !== undefined) scheduleFactor(optimizer.schedule, 0, steps);
  const { device, distributed } = training;
  const noted = device === "webgpu" ? [...notes, "the first steps compile shaders, for seconds"] : notes;
  const options: TrainerOptions = {
    ...start,
    runtime,
    task,
    optimizer: buildOptimizer(optimizer),
    microBatches: training.microBatches,
    collective,
    seed: training.seed,
    clipNorm: optimizer.clipNorm,
    averageDecay: optimizer.averageDecay,
    recomputeLayers: training.recompute,
    products: training.products === "auto" ? undefined : training.products,
    session: { device, threads: training.threads ?? stepThreads },
  };
  if (distributed === undefined) return { recipe, notes: noted, trainer: await createTrainer(options) };
  const trainer = await createDilocoTrainer(options, distributed);
  return { recipe, notes: [...noted, apart(distributed, collective)], trainer };
}

const apart = ({ every }: DilocoOptions, { size }: Collective = alone) =>
  `ranks come together every ${every} steps; what is learned depends on their number, ${size}`;

/** Between rounds the weights are one rank's own, and so would be their average. Throws `RecipeError`. */
function requireRounds({ training, optimizer }: SharedRecipe): void {
  const { distributed, evaluateEvery, checkpointEvery } = training;
  if (distributed === undefined) return;
  const { every } = distributed;
  if (optimizer.averageDecay !== undefined) {
    throw new RecipeError(
      "an average of the weights would be of one rank alone",
      `optimizer.averageDecay ${optimizer.averageDecay}, training.distributed.kind ${distributed.kind}`,
      "leave one of them out",
    );
  }
  if (evaluateEvery % every === 0 && checkpointEvery % every === 0) return;
  throw new RecipeError(
    "evaluations and checkpoints have to fall on a step where ranks come together",
    `training.evaluateEvery ${evaluateEvery}, checkpointEvery ${checkpointEvery}, distributed.every ${every}`,
    "set both to multiples of distributed.every",
  );
}

/** The recipe with "auto" replaced by what was measured, so that a run that goes on computes as it began. */
async function withProducts<R extends SharedRecipe>(
  recipe: R,
  task: Task,
  runtime: Runtime,
): Promise<{ recipe: R; notes: readonly string[] }> {
  const { products: asked, device, threads } = recipe.training;
  if (asked !== "auto") return { recipe, notes: [] };
  const { products, gain } = await chooseProducts(runtime, task.parameters, { device, threads });
  const measured =
    gain === undefined ? "there are none in int8 here" : `int8 is ${gain.toFixed(2)} times as fast here`;
  const training = { ...recipe.training, products };
  return { recipe: { ...recipe, training }, notes: [`products in ${products}: ${measured}`] };
}

const noting = <L extends { readonly notes?: readonly string[] }>(
  learning: L,
  notes: readonly string[],
): L => (notes.length === 0 ? learning : { ...learning, notes: [...(learning.notes ?? []), ...notes] });

async function assemble<R extends SharedRecipe>(
  { recipe, learning, trainer }: Ready<R>,
  folder: Folder,
  lock: Lock | undefined,
  around: Surroundings,
): Promise<Run<R, LearningOf<R>>> {
  const { training, optimizer } = recipe;
  const { steps, save } = learning as Learning;
  const { collective = alone } = around;
  const trained = weightsOf(trainer.layout, trainer.weights);
  const weights = allWeights(trainer);
  const data = await dataOf(learning, trainer, around);
  return {
    ...learning,
    data,
    recipe,
    folder,
    trainer,
    weights,
    train(callbacks: Watched = {}) {
      const { schedule } = optimizer;
      const saveModel = async (to: Folder) => {
        await save(to, { trained, all: weights });
        await kindOf(to, around.modalities); // what nobody could open again is no checkpoint
      };
      const led = leading({ trainer, data, recipe }, collective);
      const options = {
        ...training,
        ...callbacks,
        steps,
        data,
        trainer: led,
        run: folder,
        schedule,
        saveModel,
      };
      const begun = beginTogether(collective, folder.location);
      return begun
        .then(() => iterate(options))
        .finally(async () => {
          await data.close?.();
          await lock?.release();
        });
    },
  };
}

/** All of the model, trained or not. */
const allWeights = ({ frozen, layout, weights }: Trainer): Weights =>
  new Map([...(frozen ?? []), ...weightsOf(layout, weights)]);

/** The run's data; where its model makes them, it makes each batch with the weights that it has by then. */
async function dataOf({ data }: Learning, trainer: Trainer, around: Surroundings): Promise<TrainingData> {
  if (typeof data !== "function") return data;
  const made = await data(allWeights(trainer), around);
  return {
    ...made,
    async training(index) {
      await trainer.fetch();
      return made.training(index);
    },
    async *validation(limit) {
      await trainer.fetch();
      yield* made.validation(limit);
    },
  };
}

/**
 * Takes part in the run that rank 0 of `around.collective` trains, until it ends. Throws `RunError` where this process
 * does not see its folder, `RankError` where it has another run there, or where a rank is gone.
 */
export async function joinRun(around: Surroundings): Promise<void> {
  const { collective = alone, openFolder } = around;
  const location = await awaitRun(collective);
  if (location === undefined) return;
  const folder = openFolder(location);
  const saved = await readRecipe(folder, around.modalities);
  const opened = await modalityOf(saved, around.modalities).open(saved, folder.folder("data"), around);
  const { recipe, trainer } = await compileRun(saved, opened, around);
  await loadCheckpoint(folder, trainer.layout, trainer.arrays);
  const data = await dataOf(opened, trainer, around);
  await follow({ trainer, data, recipe }, collective).finally(() => data.close?.());
}

/** What can be told before there are data. */
async function checkTraining(recipe: SharedRecipe, { runtime }: Surroundings): Promise<void> {
  requireRounds(recipe);
  const { device } = recipe.training;
  if (device !== "cpu") await checkDevice(runtime, device);
}

/** Throws `RuntimeError` when the device does not work here. */
async function checkDevice(runtime: Runtime, device: Device): Promise<void> {
  const x = input("x", "float32", [1]);
  const session = await compile(runtime, { y: neg(x) }, { device });
  await session.release();
}
