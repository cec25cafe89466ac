import type { Runtime } from "../../core/runtime/session.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { compose } from "../../generation/music/compose.js";
import type { Decoder } from "../../models/decoder.js";
import type { Weights } from "../../nn/weights.js";
import type { PreparedMusic } from "./prepared.js";
import type { MusicRecipe } from "./recipe.js";

/** Writes a few bars with the weights as they are. */
export async function musicSampler(
  { generation }: MusicRecipe,
  { tokenizer, alphabet }: PreparedMusic,
  {
    runtime,
    model,
    weights,
  }: { readonly runtime: Runtime; readonly model: Decoder; readonly weights: Weights },
): Promise<(step: number) => Promise<{ text: string }>> {
  const session = await compileDecoder(runtime, model, weights, { live: true });
  return async (step) => {
    const [words] = await compose(session, tokenizer, alphabet, {
      ...generation,
      ...{ count: 1, before: [], seed: step },
    });
    return { text: words.join(" ") };
  };
}
