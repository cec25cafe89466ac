/** What `train` shows of a run on text. */
import { nodeRuntime } from "../../core/runtime/node.js";
import { chatTemplate } from "../../features/chat/chat-template.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { generate } from "../../generation/generate.js";
import type { Run } from "../run.js";
import { flopsPerToken } from "../../training/flops.js";
import type { RunView } from "../../cli/run-view.js";
import { formatCount } from "../../cli/terminal/format.js";
import { watch } from "../../cli/watch.js";

export function textView(run: Run): RunView {
  return {
    run,
    introduction: introductionOf(run),
    async watch(gflops) {
      const flops = flopsPerToken(run.model);
      const write = await sampler(run);
      return watch({
        trainer: run.trainer,
        totalSteps: run.recipe.training.steps,
        unit: "tok",
        peakShare: (tokensPerSecond) => (tokensPerSecond * flops) / (gflops * 1e9),
        async sample(step) {
          const text = await write(step);
          await run.folder.write(`samples/step-${String(step).padStart(6, "0")}.txt`, text);
          return text;
        },
      });
    },
    next: (folder) => nextOf(run, folder),
  };
}

function introductionOf({ model, trainer, sizes, recipe, tokenizer, leftOut = [] }: Run): string[] {
  const parameters = model.parameters.reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0);
  const trained = trainer.layout.size;
  const { kind, ...rest } = recipe.model;
  return [
    `${"from" in rest ? rest.from : kind} with ${formatCount(parameters)} parameters` +
      `${trained < parameters ? `, of an adapter ${formatCount(trained)} to train` : ""}, vocabulary ${tokenizer.vocabSize}; ` +
      `${formatCount(sizes.train)} ${sizes.unit} to learn from, ${formatCount(sizes.validation)} held out`,
    ...(leftOut.length > 0 ? [`left out: ${leftOut.join(", ")}`] : []),
  ];
}

function nextOf({ recipe }: Run, folder: string): string[] {
  if (recipe.data.format !== "text") {
    return [`npx autodidact chat ${folder}`, `npx autodidact serve ${folder} --port 8080`];
  }
  const prompt = recipe.generation.prompt.split("\n")[0] || "Once";
  return [
    `npx autodidact generate ${folder} --prompt ${JSON.stringify(prompt)} --max-tokens 200`,
    `npx autodidact evaluate ${folder}`,
    'npx autodidact train gpt-small --data.files "your/texts/**/*.txt"',
  ];
}

/** Writes a passage with the weights as they are, by the recipe's generation section. */
async function sampler(run: Run): Promise<(step: number) => Promise<string>> {
  const { model, weights, tokenizer, recipe } = run;
  const { maxTokens, prompt: _, ...sampling } = recipe.generation;
  const prompt = samplePrompt(run);
  const lora = recipe.model.kind === "pretrained" ? recipe.model.lora : undefined;
  const session = await compileDecoder(nodeRuntime, model, weights, { lora, live: true });
  return async (step) => {
    const [{ text }] = await generate(session, tokenizer, {
      prompts: [prompt],
      maxTokens: step === recipe.training.steps ? maxTokens : Math.min(maxTokens, 60),
      ...sampling,
      seed: step,
    });
    return prompt + text;
  };
}

/** The recipe's prompt, as a user's message where the model learns to chat. */
function samplePrompt({ recipe, tokenizer }: Run): string {
  const { prompt } = recipe.generation;
  if (recipe.data.format !== "text") {
    const message = { role: "user", content: prompt || "Hello!" } as const;
    return chatTemplate(tokenizer).render([message], { addGenerationPrompt: true });
  }
  // Without an end-of-text token to start from, an empty prompt becomes the vocabulary's first character.
  return prompt || (tokenizer.endOfText === undefined ? tokenizer.decode([0]) : "");
}
