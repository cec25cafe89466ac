/** `@huggingface/transformers` as a side of `autodidact bench --only decoding`. */
import { basename, dirname } from "node:path";
import { AutoModelForCausalLM, BaseStreamer, env, Tensor } from "@huggingface/transformers";
import { takeTurns } from "../../../src/modalities/text/bench/decoding-turns.js";

const dtypes = { float32: "fp32", int8: "q8", int4: "q4" } as const;

class Listener extends BaseStreamer {
  private isPrompt = true;

  constructor(private readonly onToken: (id: number) => void) {
    super();
  }

  override put([ids]: bigint[][]): void {
    if (!this.isPrompt) this.onToken(Number(ids[0]));
    this.isPrompt = false;
  }

  override end(): void {}
}

await takeTurns(async ({ folder, form, threads }) => {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
    device: "cpu",
    dtype: dtypes[form],
    session_options: { intraOpNumThreads: threads, interOpNumThreads: 1 },
  });
  return async ({ prompt, count }, onToken) => {
    const shape = [1, prompt.length];
    await model.generate({
      inputs: new Tensor("int64", BigInt64Array.from(prompt, BigInt), shape),
      attention_mask: new Tensor("int64", new BigInt64Array(prompt.length).fill(1n), shape),
      max_new_tokens: count,
      do_sample: false,
      streamer: new Listener(onToken),
    } as Record<string, unknown>);
  };
});
