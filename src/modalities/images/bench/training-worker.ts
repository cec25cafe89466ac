/** Our side of the benchmark of image networks, one a process, so that its peak memory is its own: random images. */

import { serveTraining } from "../../../bench/training-side.js";
import { fillUniform, randomStream } from "../../../core/random.js";
import { networkTask } from "./network-tasks.js";
import { type BenchNetwork, numClasses } from "./networks.js";

const [kind, ...sizes] = process.argv.slice(2);
const [batchSize, channels, size, width, blocks] = sizes.map(Number);
const network = { kind: kind as BenchNetwork["kind"], batchSize, channels, size, width, blocks };
const { task, shape, complete } = networkTask(network);
const stream = randomStream(0, "images");
const images = new Float32Array(batchSize * channels * size * size);
fillUniform(images, stream, -1, 1);
const labels = Int32Array.from({ length: batchSize }, () => stream.integer(numClasses));

await serveTraining({
  task,
  batch: (step) => complete({ images, labels }, shape, randomStream(0, "objective", step)),
});
