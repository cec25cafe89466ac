/** How long a run is: what a flag that says it changes beside the value that it names. */
import type { Override } from "./overrides.js";
import { isSection } from "./schema-paths.js";

/** Of which a recipe has one. */
const alternatives = ["training.steps", "training.epochs"];

/** A recipe without the one of steps and epochs that the flags do not name, where they name the other. */
export function withoutAlternatives(recipe: object, overrides: readonly Override[]): object {
  const named = alternatives.filter((path) => overrides.some(([given]) => given === path));
  const { training } = recipe as { training?: unknown };
  if (named.length !== 1 || !isSection(training)) return recipe;
  const other = alternatives.find((path) => path !== named[0])!.split(".")[1];
  const { [other]: _, ...rest } = training;
  return { ...recipe, training: rest };
}

/** Of a short run: how much of it a warm-up has at most. */
const warmupShare = 0.1;

/**
 * A recipe whose warm-up is shortened where flags make the run shorter than its schedule, so that any recipe can be
 * tried for a few steps; and a note about it. A schedule that the flags name is left alone.
 */
export function shortened(
  recipe: object,
  overrides: readonly Override[],
): { recipe: object; notes: string[] } {
  const { training, optimizer } = recipe as { training?: unknown; optimizer?: unknown };
  const isNamed = (prefix: string) => overrides.some(([path]) => path.startsWith(prefix));
  const same = { recipe, notes: [] };
  if (!isNamed("training.steps") || isNamed("optimizer.schedule")) return same;
  if (!isSection(training) || !isSection(optimizer) || !isSection(optimizer.schedule)) return same;
  const { steps } = training;
  const { warmupSteps = 0, decaySteps = 0 } = optimizer.schedule as Record<string, number>;
  if (typeof steps !== "number" || warmupSteps + decaySteps <= steps) return same;
  const share = (whole: number) => Math.floor(Math.min(whole, steps * warmupShare));
  const schedule = {
    ...optimizer.schedule,
    warmupSteps: share(warmupSteps),
    ...(decaySteps > 0 ? { decaySteps: share(decaySteps) || 1 } : {}),
  };
  const note = `--training.steps ${steps}: warm-up shortened from ${warmupSteps} to ${schedule.warmupSteps} steps`;
  return { recipe: { ...recipe, optimizer: { ...optimizer, schedule } }, notes: [note] };
}
