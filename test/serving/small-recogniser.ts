/** A small random recogniser in a folder, served from a thread of its own. */
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { encodeWav } from "../../src/data/audio/write-wav.js";
import { ctcVocabulary } from "../../src/features/tokenizer/ctc-vocabulary.js";
import { openFolder } from "../../src/files/disk.js";
import { saveSpeechModel } from "../../src/interop/speech-folder.js";
import type { Named, Surroundings } from "../../src/modalities/modality.js";
import { findNamed } from "../../src/modalities/saved.js";
import type { Saved } from "../../src/modalities/speech/kinds/saved.js";
import { conformer } from "../../src/models/conformer.js";
import { speechRecogniser } from "../../src/models/speech-recogniser.js";
import { type RunningServer, startHost } from "../../src/serving/http/server.js";

export const around: Surroundings = { runtime: nodeRuntime, openFolder };

export const vocabulary = ctcVocabulary(["abcde"]);

/** Weights large enough that it hears letters, words and pauses in any sound. */
export async function saveSmallRecogniser(folder: string, language?: string): Promise<void> {
  const encoder = conformer({
    ...{ featureWidth: 160, width: 8, numLayers: 1, numHeads: 2, hiddenWidth: 12, kernelSize: 5 },
    ...{ ropeTheta: 500, layerNormEpsilon: 1e-6 },
  });
  const model = speechRecogniser(encoder, vocabulary.tokens.length);
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(3, name);
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => stream.normal());
      return [name, { shape, data }] as const;
    }),
  );
  await saveSpeechModel(openFolder(folder), model, weights, { vocabulary, language, generation: {} });
}

/** A WAV file of tones that change, with noise: the small recogniser hears several segments in ten seconds. */
export function motley(seconds: number): Uint8Array<ArrayBuffer> {
  const noise = randomStream(1, "noise");
  const samples = Float32Array.from({ length: seconds * 16_000 }, (_, i) => {
    const swelling = 0.1 * (1 + Math.sin(i / 3000));
    return swelling * noise.normal() + 0.3 * Math.sin(0.1 * i * (1 + (Math.floor(i / 2500) % 7)));
  });
  return encodeWav({ samples, sampleRate: 16_000 });
}

export interface SmallRecogniser extends RunningServer {
  readonly named: Named<Saved<"recogniser">>;
}

/** The model in the folder, served as "small"; `close` ends everything. */
export async function serveSmallRecogniser(folder: string): Promise<SmallRecogniser> {
  const named = (await findNamed(folder, "latest", around)) as Named<Saved<"recogniser">>;
  const request = { name: "small", options: {}, maxConcurrent: 2 };
  const served = await named.kind.serving!.start(named, request, around);
  const limits = { bodyBytes: served.bodyBytes!, maxConcurrent: 2, maxQueue: 2 };
  const server = await startHost(served, { port: 0, limits });
  const close = async () => {
    await server.close(0);
    await served.close();
  };
  return { ...server, named, close };
}
