/**
 * `@huggingface/transformers` finding things in pictures, in a process of its own because it brings its own ONNX Runtime.
 * Reads a folder, picture files and a threshold from its first argument as JSON, prints the boxes of each, whose sides
 * are parts of the picture's.
 */
import { basename, dirname } from "node:path";
import { env, pipeline } from "@huggingface/transformers";

const { folder, files, threshold } = JSON.parse(process.argv[2]) as {
  folder: string;
  files: string[];
  threshold: number;
};
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const detect = await pipeline("object-detection", basename(folder), {
  session_options: { intraOpNumThreads: 1 }, // no thread waits for others where all are busy
});
const found: object[] = [];
for (const file of files) found.push(await detect(file, { threshold, percentage: true }));
console.log(JSON.stringify(found));
