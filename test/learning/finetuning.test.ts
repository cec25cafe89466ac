/** The way of an assistant: text, then conversations, then preferences, each from the run before. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { chatTemplate } from "../../src/features/chat/chat-template.js";
import { openFolder } from "../../src/files/disk.js";
import { compileDecoder } from "../../src/generation/decoder-session.js";
import { type Generation, generate } from "../../src/generation/generate.js";
import { openModel } from "../../src/interop/model-folder.js";
import { startRun } from "../../src/modalities/run.js";
import type { TextRecipe as Recipe } from "../../src/modalities/text/recipe.js";
import { around, finetuneRecipe, questions, writeData, writeFile, writePretrained } from "../finetuning.js";
import { temporaryFolder } from "../temporary-folder.js";

const place = temporaryFolder();
const at = (name: string) => join(place, name);
const files = writeData(place);
const training = { batchSize: 4, evaluateEvery: 1000, checkpointEvery: 1000 };
/** A fifth of the questions is held out. */
const taught = 0.8 * questions.length;

async function train(recipe: Recipe, name: string): Promise<void> {
  await (await startRun(recipe, openFolder(at(name)), around)).train();
}

/** What a run's model says to each question, always the likeliest token. */
async function answersOf(name: string): Promise<Generation[]> {
  const { model, weights, tokenizer } = await openModel(openFolder(at(name)), "latest", async (base) =>
    openFolder(base),
  );
  const template = chatTemplate(tokenizer!);
  const prompts = questions.map(({ prompt }) =>
    template.render([{ role: "user", content: prompt }], { addGenerationPrompt: true }),
  );
  const session = await compileDecoder(nodeRuntime, model, weights);
  return generate(session, tokenizer!, { prompts, maxTokens: 12, temperature: 0 });
}

async function logged(name: string): Promise<Record<string, number>[]> {
  const lines = new TextDecoder().decode(await openFolder(at(name)).read("metrics.jsonl"));
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

let answers: Generation[];
beforeAll(async () => {
  await writePretrained(at("fresh"));
  await train(
    finetuneRecipe(at("fresh"), "text", files.text, { training: { ...training, steps: 80 } }),
    "base",
  );
  await train(
    finetuneRecipe(at("base"), "chat", files.chat, { training: { ...training, steps: 150 } }),
    "sft",
  );
  answers = await answersOf("sft");
}, 60_000);

it("text: the next letter is known", async () => {
  const [first, last] = [(await logged("base"))[0], (await logged("base")).at(-1)!];
  expect(first.loss).toBeGreaterThan(5); // log 257 is 5.5
  expect(last.validationLoss).toBeLessThan(0.5);
});

describe("chat", () => {
  it("answers what it was taught, and ends its turn by itself", async () => {
    const right = answers.filter(({ text }, i) => text === questions[i].answer);
    expect(right.length).toBeGreaterThanOrEqual(taught);
    expect(right.map(({ finishReason }) => finishReason)).toEqual(right.map(() => "end"));
    const { tokenizer } = await openModel(openFolder(at("sft")));
    expect(tokenizer!.idToToken(tokenizer!.endOfText!)).toBe("<|im_end|>");
  });

  it("an adapter beside it answers otherwise, and the model that it stands beside as before", async () => {
    const louder = questions.map(({ prompt, answer }) => ({ prompt, completion: `${answer}!!` }));
    const recipe = finetuneRecipe(at("sft"), "chat", writeFile(place, "louder.jsonl", louder), {
      model: { lora: { rank: 8, alpha: 16 } },
      training: { ...training, steps: 80 },
    });
    await train(recipe, "sft-lora");
    const said = await answersOf("sft-lora");
    const right = said.filter(({ text }, i) => text === louder[i].completion);
    expect(right.length).toBeGreaterThanOrEqual(taught);
    expect((await answersOf("sft")).map(({ text }) => text)).toEqual(answers.map(({ text }) => text));
  });
});

it("preferences: every held-out pair is told apart, and what was rejected becomes unlikely", async () => {
  const recipe = finetuneRecipe(at("sft"), "preferences", files.preferences, {
    optimizer: { lr: 1e-3 },
    training: { ...training, steps: 20, evaluateEvery: 5 },
  });
  await train(recipe, "dpo");
  const log = await logged("dpo");
  expect(log[0]).toMatchObject({ margin: 0, chosenReward: 0, rejectedReward: 0 });
  expect(log[0].loss).toBeCloseTo(Math.LN2, 6); // the policy still is the reference
  const evaluations = log.filter((step) => "validationLoss" in step);
  expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 15, 20]);
  const [first, last] = [evaluations[0], evaluations.at(-1)!];
  expect(last.validationAccuracy).toBe(1);
  expect(last.validationMargin).toBeCloseTo(last.validationChosenReward - last.validationRejectedReward, 5);
  expect(last.validationRejectedReward).toBeLessThan(Math.min(-0.1, first.validationRejectedReward));
  expect(last.accuracy).toBe(1);
  expect(last.rejectedReward).toBeLessThan(-0.3);
  expect(last.chosenReward).toBeGreaterThan(last.rejectedReward + 0.3);
  const right = (await answersOf("dpo")).filter(({ text }, i) => text === questions[i].answer);
  expect(right.length).toBeGreaterThanOrEqual(taught);
});

it("tasks: of two ways to answer the model keeps the one that is rewarded", async () => {
  const both = questions.flatMap(({ prompt, answer }) =>
    [answer, answer.replace("!", "?")].map((completion) => ({ prompt, completion })),
  );
  const undecided = { training: { ...training, steps: 150 } };
  await train(finetuneRecipe(at("base"), "chat", writeFile(place, "both.jsonl", both), undecided), "both");
  const tasks = writeFile(place, "tasks.jsonl", questions);
  const recipe = finetuneRecipe(at("both"), "tasks", tasks, {
    objective: { kind: "grpo", reward: "exact", groupSize: 8, maxTokens: 6 },
    optimizer: { lr: 5e-3 },
    training: { ...training, steps: 40, evaluateEvery: 40 },
  });
  await train(recipe, "grpo");
  const log = await logged("grpo");
  const mean = (steps: typeof log) => steps.reduce((sum, { reward }) => sum + reward, 0) / steps.length;
  // About half of the answers are right at first; four fifths after so few steps, and three questions were not taught.
  const [first, last] = [mean(log.slice(0, 5)), mean(log.slice(-10))];
  expect(first).toBeLessThan(0.6);
  expect(last).toBeGreaterThan(first + 0.2);
  expect(log.at(-1)!.validationLoss).toBeCloseTo(1 - log.at(-1)!.validationReward, 6);
});
