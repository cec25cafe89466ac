/**
 * `@huggingface/transformers` saying words, in a process of its own because it brings its own ONNX Runtime. Reads a folder,
 * texts and a voice from its first argument as JSON, prints the rate and the samples of each text.
 */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { env, pipeline } from "@huggingface/transformers";

export interface Spoken {
  readonly rate: number;
  readonly samples: number[];
}

const { folder, texts, voice } = JSON.parse(process.argv[2]) as {
  folder: string;
  texts: string[];
  voice: string;
};
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const speak = await pipeline("text-to-speech", basename(folder));
const style = new Float32Array(Uint8Array.from(readFileSync(join(folder, "voices", `${voice}.bin`))).buffer);
const spoken: Spoken[] = [];
for (const text of texts) {
  const { audio, sampling_rate } = await speak(text, { speaker_embeddings: style, num_inference_steps: 8 });
  const samples = [audio].flat().flatMap((part) => Array.from(part));
  spoken.push({ rate: sampling_rate, samples });
}
console.log(JSON.stringify(spoken));
