/**
 * The simple way to tell pictures apart: the class of the labelled picture that is nearest by its pixels. What few
 * labels teach a network (measure.ts) is to be held against it.
 *
 *   npx tsx recipes/few-labels/nearest.ts cifar-10-binary.tar.gz --labels 1,10,100,all --seeds 3
 *
 * Prints a Markdown table of the accuracy on all test pictures, in percent: mean and standard deviation over seeds,
 * each of which chooses the labelled pictures.
 */
import { parseArgs } from "node:util";
import { input } from "../../src/core/graph/tensor.js";
import { matmul } from "../../src/core/ops/matmul.js";
import { transpose } from "../../src/core/ops/movement.js";
import { permuted } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { compile, hostTensor } from "../../src/core/runtime/session.js";
import type { LabelledImage } from "../../src/data/images/image.js";
import { openImages } from "../../src/data/images/open-images.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { labels: { type: "string", default: "1,10,100,all" }, seeds: { type: "string", default: "3" } },
});
const source = await openImages({ path: positionals[0] });

/** Pictures as rows of numbers from 0 to 1. */
interface Pictures {
  readonly rows: Float32Array;
  readonly squares: Float32Array;
  readonly labels: readonly number[];
}

const { channels, height, width } = source.shape;
const size = channels * height * width;

async function all(split: "train" | "test"): Promise<LabelledImage[]> {
  const images: LabelledImage[] = [];
  for await (const image of source.images(split)) images.push(image);
  return images;
}

function picturesOf(images: readonly LabelledImage[]): Pictures {
  const rows = new Float32Array(images.length * size);
  const squares = images.map(({ pixels }, i) => {
    let sum = 0;
    for (let j = 0; j < size; j++) {
      rows[i * size + j] = pixels[j] / 255;
      sum += rows[i * size + j] ** 2;
    }
    return sum;
  });
  return { rows, squares: Float32Array.from(squares), labels: images.map(({ label }) => label) };
}

/** `perClass` pictures of each class, chosen by the seed as `data.labelsPerClass` of a recipe chooses them. */
function chosen(images: readonly LabelledImage[], perClass: number, seed: number): LabelledImage[] {
  const left = source.classes.map(() => perClass);
  const order = images.map((_, i) => images[permuted(i, images.length, seed, "few labels")]);
  return order.filter(({ label }) => left[label]-- > 0);
}

const x = input("x", "float32", ["n", size]);
const known = input("known", "float32", ["m", size]);
const products = await compile(nodeRuntime, { y: matmul(x, transpose(known, [1, 0])) }, { threads: 1 });
const batch = 500;

/** Share of `test` whose nearest picture of `train` has their class. */
async function accuracy(train: Pictures, test: Pictures): Promise<number> {
  const count = train.labels.length;
  let right = 0;
  for (let start = 0; start < test.labels.length; start += batch) {
    const rows = Math.min(batch, test.labels.length - start);
    const { y } = await products.run({
      x: hostTensor("float32", [rows, size], test.rows.subarray(start * size, (start + rows) * size)),
      known: hostTensor("float32", [count, size], train.rows),
    });
    const nearest = (row: number) => {
      let [best, least] = [0, Number.POSITIVE_INFINITY];
      for (let i = 0; i < count; i++) {
        const distance = train.squares[i] - 2 * Number(y.data[row * count + i]);
        if (distance < least) [best, least] = [i, distance];
      }
      return best;
    };
    for (let row = 0; row < rows; row++) {
      if (train.labels[nearest(row)] === test.labels[start + row]) right++;
    }
  }
  return right / test.labels.length;
}

const mean = (numbers: readonly number[]) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const deviation = (numbers: readonly number[]) =>
  Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean(numbers)) ** 2, 0) / Math.max(1, numbers.length - 1));

const train = await all("train");
const test = picturesOf(await all("test"));
console.log("| labels a class | nearest by pixels |\n| --: | --: |");
for (const labels of values.labels.split(",")) {
  if (labels === "all") {
    console.log(`| all | ${(100 * (await accuracy(picturesOf(train), test))).toFixed(1)} |`);
    continue;
  }
  const found: number[] = [];
  for (let seed = 0; seed < Number(values.seeds); seed++) {
    found.push(100 * (await accuracy(picturesOf(chosen(train, Number(labels), seed)), test)));
  }
  console.log(`| ${labels} | ${mean(found).toFixed(1)} ± ${deviation(found).toFixed(1)} |`);
}
