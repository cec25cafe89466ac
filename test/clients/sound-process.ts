/**
 * `@huggingface/transformers` writing down sounds, in a process of its own because it brings its own ONNX Runtime.
 * Reads a folder and files of float32 samples of 16 kHz from its first argument as JSON, prints for each sound its
 * features, their mask, and the text.
 */
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { env, pipeline } from "@huggingface/transformers";

export interface HeardSound {
  readonly features: number[];
  readonly mask: number[];
  readonly text: string;
}

const { folder, files } = JSON.parse(process.argv[2]) as { folder: string; files: string[] };
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const transcribe = await pipeline("automatic-speech-recognition", basename(folder));
const heard: HeardSound[] = [];
for (const file of files) {
  const samples = new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
  const { input_features, attention_mask } = await transcribe.processor(samples);
  const { text } = await transcribe(samples);
  heard.push({
    features: Array.from(input_features.data as Float32Array),
    mask: Array.from(attention_mask.data as BigInt64Array, Number),
    text,
  });
}
console.log(JSON.stringify(heard));
