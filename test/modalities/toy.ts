/** A modality as small as one can be: points, through which a line from the origin learns to run. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { mul, sub } from "../../src/core/ops/elementwise.js";
import { mean } from "../../src/core/ops/reduce.js";
import { randomStream } from "../../src/core/random.js";
import { ShardError } from "../../src/files/errors.js";
import type { Folder } from "../../src/files/folder.js";
import { readParameters } from "../../src/interop/model-weights.js";
import { writeSafetensors } from "../../src/interop/safetensors.js";
import { openWeights, weightsFile } from "../../src/interop/sharded.js";
import type { Learning, Modality, ModelKind } from "../../src/modalities/modality.js";
import { countOption, flag, numberOption } from "../../src/modalities/options.js";
import { filled, type Parameter } from "../../src/nn/parameter.js";
import type { Weights } from "../../src/nn/weights.js";
import { iteration, optimizer } from "../../src/recipe/sections.js";
import { jsonRoute } from "../../src/serving/http/json-route.js";

const none = z.strictObject({}).prefault({});
const schema = z.strictObject({
  data: z.strictObject({ format: z.literal("points"), path: z.string() }),
  ...{ features: none, generation: none, optimizer },
  model: z.strictObject({ kind: z.literal("line") }),
  objective: z.strictObject({ kind: z.literal("squaredError") }),
  training: z.strictObject({ ...iteration, steps: countOption }),
});
type ToyRecipe = z.output<typeof schema>;
const parameters: Parameter[] = [{ name: "slope", shape: [1], role: "vector", init: filled(0) }];
const slopeOf = (weights: Weights) => weights.get("slope")!.data[0];

function taskOf({ training: { batchSize } }: ToyRecipe): Learning["task"] {
  const type = { dtype: "float32", shape: [batchSize] } as const;
  return {
    ...{ parameters, batch: { x: type, y: type }, unit: "points", unitsPerBatch: batchSize },
    ...{ counts: "points", count: () => batchSize },
    loss(p, { x, y }) {
      const off = sub(mul(x, p("slope")), y);
      return { loss: mean<"">(mul(off, off)) };
    },
  };
}

async function open(recipe: ToyRecipe, data: Folder): Promise<Learning> {
  const size = await data.size("points.json");
  if (!size) throw new ShardError("there are no points", data.location, "prepare the data again");
  const points: number[][] = JSON.parse(new TextDecoder().decode(await data.read("points.json")));
  const { batchSize, seed, steps } = recipe.training;
  const batch = async (index: number) => {
    const stream = randomStream(seed, "points", index);
    const drawn = Array.from({ length: batchSize }, () => points[stream.integer(points.length)]);
    return { x: Float32Array.from(drawn, ([x]) => x), y: Float32Array.from(drawn, ([, y]) => y) };
  };
  async function* validation() {
    yield await batch(-1);
  }
  const sizes = { parameters: 1, train: points.length, validation: batchSize, unit: "points" };
  return {
    ...{ task: taskOf(recipe), steps, data: { training: batch, validation } },
    description: { model: "line", details: [], ...sizes },
    save: (to, { all }) => save(to, all),
    sampler: async (weights) => async () => ({ text: `slope ${slopeOf(weights)}` }),
  };
}

async function save(to: Folder, weights: Weights) {
  await to.write("config.json", '{ "model_type": "toy_line" }');
  await writeSafetensors(to, weightsFile, weights);
}

const line: ModelKind<Weights> = {
  ...{ name: "line", modelTypes: ["toy_line"] },
  open: async (folder) => readParameters(await openWeights(folder), { parameters }, folder.location),
  uses: [
    {
      ...{ verb: "generate", summary: "say where the line is", examples: ["runs/line --at 3"] },
      options: z.object({ at: flag(numberOption.default(1), "x", "where") }),
      async *run(model, { options: { at } }) {
        const y = slopeOf(await model.open()) * (at as number);
        yield { kind: "figures", figures: { y }, text: `${y}` };
      },
    },
    {
      ...{ verb: "evaluate", name: "slope", summary: "how steep the line is", options: z.object({}) },
      async *run(model) {
        yield { kind: "figures", figures: { slope: slopeOf(await model.open()) } };
      },
    },
  ],
  exports: [
    {
      ...{ name: "safetensors", summary: "its number", precisions: ["float32"] },
      write: async (model, to) => save(to, await model.open()),
    },
  ],
  serving: {
    options: z.object({}),
    async start(model, { name }) {
      const slope = slopeOf(await model.open());
      const body = z.object({ model: z.string().nullish(), x: z.number() });
      const route = jsonRoute("/v1/points", body, [name], async ({ x }) => ({ y: slope * x }));
      const example = { path: route.path, body: { x: 1 } };
      const never = { hasFailed: async () => false, close: async () => {} };
      return { models: [name], routes: [route], facts: {}, description: "a line", example, ...never };
    },
  },
};

export const toy = {
  ...{ name: "points", formats: ["points"], schema, open, kinds: [line] },
  sourceOf: ({ data }) => data.path,
  async prepare(recipe) {
    const points = readFileSync(recipe.data.path);
    const write = async (data: Folder) => {
      await data.write("points.json", points);
      return open(recipe, data);
    };
    return { recipe, task: taskOf(recipe), write };
  },
} satisfies Modality<ToyRecipe>;
