/**
 * A run that several processes train: rank 0 runs the loop and says which step comes, the others take the same one. All
 * have all weights after a step, each computes its part of the update and keeps the moments of that, and rank 0 alone
 * writes.
 */
import type { TrainingData } from "../data/training-data.js";
import type { Collective } from "../distributed/collective.js";
import { RankError } from "../distributed/errors.js";
import { crc32 } from "../files/crc32.js";
import type { Trainer } from "./trainer.js";

/** What rank 0 tells the others. */
type Order =
  /** The folder of the run, which all can read. */
  | { readonly kind: "open"; readonly run: string }
  | { readonly kind: "step"; readonly step: number; readonly factor: number }
  | { readonly kind: "complete" }
  | { readonly kind: "end" };

const order = (collective: Collective, given: Order) => collective.broadcast<Order>(given);

/** A run as a rank has it. */
export interface Part {
  readonly trainer: Trainer;
  readonly data: Pick<TrainingData, "training">;
  /** In which nothing may differ. */
  readonly recipe: object;
}

/** On rank 0: has the others open the run in this folder. */
export async function beginTogether(collective: Collective, run: string): Promise<void> {
  await order(collective, { kind: "open", run });
}

/** On the others: the folder of the run to open; undefined where it came to an end before. */
export async function awaitRun(collective: Collective): Promise<string | undefined> {
  const given = await collective.broadcast<Order>();
  return given.kind === "open" ? given.run : undefined;
}

/** On rank 0: the trainer, whose steps all take. Before the first one it is made sure that all have the same run. */
export function leading(part: Part, collective: Collective): Trainer {
  if (collective.size === 1) return part.trainer;
  let isAgreed = false;
  return {
    ...part.trainer,
    async step(data, step, factor) {
      await order(collective, { kind: "step", step, factor });
      if (!isAgreed) await agree(part, collective);
      isAgreed = true;
      return part.trainer.step(data, step, factor);
    },
    async complete() {
      await order(collective, { kind: "complete" });
      await part.trainer.complete();
    },
  };
}

/** On rank 0: lets the others go. */
export async function endTogether(collective: Collective): Promise<void> {
  await order(collective, { kind: "end" });
  await collective.close();
}

/** On the others: takes the steps that rank 0 takes, until the end. Throws `RankError`. */
export async function follow(part: Part, collective: Collective): Promise<void> {
  let isAgreed = false;
  for (;;) {
    const given = await collective.broadcast<Order>();
    if (given.kind === "complete") await part.trainer.complete();
    else if (given.kind !== "step") return;
    else {
      if (!isAgreed) await agree(part, collective);
      isAgreed = true;
      await part.trainer.step(part.data.training, given.step, given.factor);
    }
  }
}

/** Throws `RankError` where ranks have different runs: what they learned would be of neither. */
async function agree({ trainer, data, recipe }: Part, collective: Collective): Promise<void> {
  const batch = await data.training(0);
  const own = {
    recipe: JSON.stringify(recipe),
    "first batch": checksums(batch),
    state: checksums(trainer.arrays),
  };
  const all = await collective.allGather(own);
  for (const what of Object.keys(own) as (keyof typeof own)[]) {
    const other = all.findIndex((rank) => rank[what] !== all[0][what]);
    if (other < 0) continue;
    const [first, second] = differing(all[0][what], all[other][what]);
    throw new RankError(
      `ranks do not have the same ${what}`,
      `rank 0: ${first}; rank ${other}: ${second}`,
      "let all of them read the same folder of the run, the same data and pretrained weights",
    );
  }
}

const checksums = (arrays: Readonly<Record<string, Int32Array | Float32Array>>) =>
  Object.entries(arrays)
    .map(([name, { buffer, byteOffset, byteLength }]) => {
      return `${name} ${crc32(new Uint8Array(buffer, byteOffset, byteLength)).toString(16)}`;
    })
    .join(", ");

/** Both, from a little before where they part. */
function differing(a: string, b: string): string[] {
  const shown = 60;
  const at = [...a].findIndex((letter, i) => letter !== b[i]);
  const from = Math.max(0, (at < 0 ? a.length : at) - shown / 2);
  return [a, b].map((text) => text.slice(from, from + shown));
}
