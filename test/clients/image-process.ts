/**
 * `@huggingface/transformers` classifying pictures, in a process of its own because it brings its own ONNX Runtime.
 * Reads a folder and picture files from its first argument as JSON, prints the likeliest label of each.
 */
import { basename, dirname } from "node:path";
import { env, pipeline } from "@huggingface/transformers";

const { folder, files } = JSON.parse(process.argv[2]) as { folder: string; files: string[] };
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const classify = await pipeline("image-classification", basename(folder));
const found: { label: string; score: number }[] = [];
for (const file of files)
  found.push((await classify(file, { top_k: 1 }))[0] as { label: string; score: number });
console.log(JSON.stringify(found));
