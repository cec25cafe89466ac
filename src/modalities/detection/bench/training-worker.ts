/** Our side of the benchmark of detectors, one a process, so that its peak memory is its own. */

import { serveTraining } from "../../../bench/training-side.js";
import { detectorTask } from "./detector-task.js";

const [batchSize, height, width] = process.argv.slice(2).map(Number);
const { task, batch } = detectorTask({ batchSize, height, width });

await serveTraining({ task, batch: () => batch });
