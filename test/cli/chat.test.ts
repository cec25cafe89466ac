/** A conversation over standard input, as a program of its own. */
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { chatMl, chatMlTokens } from "../../src/features/chat/chat-template.js";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../src/features/tokenizer/special-tokens.js";
import { openFolder } from "../../src/files/disk.js";
import { saveModel } from "../../src/interop/model-folder.js";
import { gpt2 } from "../../src/models/gpt2.js";
import { adamw } from "../../src/optim/adamw.js";
import { layOut } from "../../src/optim/layout.js";
import { initialiseAll, weightsOf } from "../../src/training/weights.js";
import { startProcess, temporaryFolder } from "./command-line.js";

const folder = join(temporaryFolder(), "model");

beforeAll(async () => {
  const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
  const tokenizer = addSpecialTokens(bytes, chatMlTokens, {
    endOfText: chatMlTokens[1],
    chatTemplate: chatMl,
  });
  const model = gpt2({
    vocabSize: tokenizer.vocabSize,
    contextLength: 160,
    numLayers: 1,
    numHeads: 2,
    width: 16,
  });
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 1);
  await saveModel(openFolder(folder), { model, tokenizer, weights: weightsOf(layout, flat) });
});

/** What the program says to these lines. */
async function chat(lines: readonly string[], ...flags: string[]) {
  const input = lines.map((line) => `${line}\n`).join("");
  const args = ["chat", folder, "--max-tokens", "6", "--json", ...flags];
  const { code, stdout, stderr } = await startProcess(args, { input }).end;
  const turns = stdout.split("\n").filter(Boolean);
  return { code, stderr, turns: turns.map((line) => JSON.parse(line)) };
}

it("answers line by line; the same seed and words get the same answers", async () => {
  const first = await chat(["hello", "and you?"]);
  expect([first.code, first.turns.length]).toEqual([0, 2]);
  expect(first.turns[0]).toMatchObject({ user: "hello", assistant: expect.any(String) });
  const [again, other] = await Promise.all([chat(["hello", "and you?"]), chat(["hello"], "--seed", "9")]);
  expect(again.turns).toEqual(first.turns);
  expect(other.turns[0]).not.toEqual(first.turns[0]);
});

it("forgets, begins anew, and says what it does not know", async () => {
  const greedy = ["--temperature", "0"];
  const { turns, stderr } = await chat(
    ["one", "/undo", "one", "/reset", "one", "two", "/regenerate", "/nope"],
    ...greedy,
  );
  const answers = turns.map(({ assistant }) => assistant);
  expect(answers.slice(1, 3)).toEqual([answers[0], answers[0]]);
  expect(answers[4]).toBe(answers[3]);
  expect(stderr).toContain("there is no /nope");
});

it("a conversation longer than the context is not cut but refused, with both numbers; it goes on", async () => {
  const { code, turns, stderr } = await chat(["x".repeat(200), "short"]);
  expect([code, turns.length]).toEqual([0, 1]);
  expect(stderr).toMatch(/longer than the model's context[\s\S]*2\d\d tokens, context 160/);
});
