/** What fine-tuning starts from stays, and what it writes opens: new tokens, adapters, adapters of adapters. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { around, finetuneRecipe, lazily, writeData, writePretrained } from "../../../test/finetuning.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { chatMl, chatMlTokens } from "../../features/chat/chat-template.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { loadModel, openModel } from "../../interop/model-folder.js";
import { evaluateLoss } from "../../training/evaluate.js";
import { type Run, resumeRun, startRun } from "../run.js";
import type { TextRecipe as Recipe } from "./recipe.js";

const place = temporaryFolder();
const at = (name: string) => join(place, name);
const files = writeData(place);
const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const lora = { lora: { rank: 2, alpha: 4 } };
const brief =
  "{% for m in messages %}{{ m.role }}:{{ m.content }}<|endoftext|>{% endfor %}" +
  "{% if add_generation_prompt %}assistant:{% endif %}";

beforeAll(async () => {
  await writePretrained(at("plain"), bytes);
  await writePretrained(at("chatty"), addSpecialTokens(bytes, chatMlTokens, { chatTemplate: chatMl }));
  await writePretrained(at("brief"), addSpecialTokens(bytes, [], { chatTemplate: brief }));
});

const json = async (folder: Folder, path: string) =>
  JSON.parse(new TextDecoder().decode(await folder.read(path)));
const chat = (from: string, model = {}): Recipe => finetuneRecipe(at(from), "chat", files.chat, { model });
const open = (run: Folder) => openModel(run, "latest", async (base) => openFolder(base));

describe("a model without a chat template", () => {
  it("gets two tokens after its last and ChatML; its own rows are what they were", async () => {
    const base = await loadModel(openFolder(at("plain")));
    const run = await startRun(chat("plain"), memoryFolder(), lazily);
    const names = ["<|endoftext|>", ...chatMlTokens];
    expect(names.map((name) => run.tokenizer.tokenToId(name))).toEqual([256, 257, 258]);
    expect(run.model.vocabSize).toBe(259);
    for (const [name, { data }] of base.weights) {
      const now = run.weights.get(name)!.data;
      expect(now.subarray(0, data.length), name).toEqual(data);
      expect(now.length - data.length).toBe(name.endsWith("wte.weight") ? 2 * 16 : 0);
    }
    const embedding = run.weights.get("transformer.wte.weight")!.data;
    const mean = base.weights
      .get("transformer.wte.weight")!
      .data.reduce((sum, x, i) => (i % 16 === 3 ? sum + x / 257 : sum), 0);
    expect(embedding[257 * 16 + 3]).toBeCloseTo(mean, 6);
  });

  it("may say so with null, or with nothing in it", async () => {
    const folder = await writePretrained(at("null"), bytes);
    const config = await json(folder, "tokenizer_config.json");
    for (const chat_template of [null, ""]) {
      await folder.write("tokenizer_config.json", JSON.stringify({ ...config, chat_template }));
      const { tokenizer } = await startRun(chat("null"), memoryFolder(), lazily);
      expect([tokenizer.vocabSize, tokenizer.config!.chat_template]).toEqual([259, chatMl]);
    }
  });

  it("has them in its checkpoint, with the template, and ends its turn with the second", async () => {
    const run = memoryFolder();
    await (await startRun(chat("plain"), run, around)).train();
    const folder = run.folder("checkpoints/step-000006");
    const config = await json(folder, "tokenizer_config.json");
    expect(config).toMatchObject({ chat_template: chatMl, eos_token: "<|im_end|>" });
    const { added_tokens } = await json(folder, "tokenizer.json");
    expect(added_tokens).toMatchObject([
      { id: 256, content: "<|endoftext|>", special: true },
      { id: 257, content: "<|im_start|>", special: true },
      { id: 258, content: "<|im_end|>", special: true },
    ]);
    expect(await json(folder, "config.json")).toMatchObject({ vocab_size: 259, eos_token_id: 258 });
    expect((await open(run)).tokenizer!.endOfText).toBe(258);
  });
});

it.each([
  ["brief", brief],
  ["chatty", chatMl],
])("a model with a template keeps it and its tokens: %s", async (name, template) => {
  const base = await loadModel(openFolder(at(name)));
  const run = await startRun(chat(name), memoryFolder(), lazily);
  expect(run.tokenizer.config).toEqual(base.tokenizer!.config);
  expect(run.tokenizer.config!.chat_template).toBe(template);
  expect(run.tokenizer.toJSON()).toEqual(base.tokenizer!.toJSON());
  expect(run.model.vocabSize).toBe(base.model.vocabSize);
});

describe("adapters", () => {
  const validated = async (run: Run) =>
    (await evaluateLoss(run.trainer.evaluation, run.data.validation())).loss;
  /** Six steps from a model to a run of this name; the loss that it ends with. */
  async function train(from: string, to: string, model: object): Promise<number> {
    const { validation } = await (await startRun(chat(from, model), openFolder(at(to)), around)).train();
    return validation!.loss;
  }

  it("are PEFT folders beside a base that stays; merged into it they are what was trained", async () => {
    const before = await openFolder(at("chatty")).read("model.safetensors");
    const loss = await train("chatty", "adapted", lora);
    const folder = openFolder(at("adapted")).folder("checkpoints/step-000006");
    expect(await folder.list("")).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
      "training",
    ]);
    expect(await json(folder, "adapter_config.json")).toMatchObject({
      peft_type: "LORA",
      base_model_name_or_path: at("chatty"),
      r: 2,
      lora_alpha: 4,
    });
    expect(await openFolder(at("chatty")).read("model.safetensors")).toEqual(before);
    const { weights } = await open(openFolder(at("adapted")));
    const base = await loadModel(openFolder(at("chatty")));
    const changed = [...weights].filter(
      ([name, { data }]) => String(data) !== String(base.weights.get(name)!.data),
    );
    expect(changed.map(([name]) => name.replace(/.*\.0\./, "")).sort()).toEqual([
      "attn.c_attn.weight",
      "attn.c_proj.weight",
      "mlp.c_fc.weight",
      "mlp.c_proj.weight",
    ]);
    // All weights from there on: the first evaluation is the adapter's last.
    const full = await startRun(chat("adapted"), memoryFolder(), around);
    expect(await validated(full)).toBeCloseTo(loss, 4);
    expect((await full.train()).validation!.loss).toBeLessThan(loss);
  });

  it("stand beside adapted models too, and open through both", async () => {
    const loss = await train("adapted", "twice", { lora: { rank: 3, alpha: 3, targets: ["c_attn"] } });
    const again = await startRun(chat("twice"), memoryFolder(), around);
    expect(await validated(again)).toBeCloseTo(loss, 4);
  });

  it("name the checkpoint of a run: that it trains on does not change under them", async () => {
    const whole = openFolder(at("whole"));
    await train("chatty", "whole", {});
    const loss = await train("whole", "beside", lora);
    const trainOnTo = async (steps: number) => {
      const change = (recipe: Recipe) => ({ ...recipe, training: { ...recipe.training, steps } });
      await (await resumeRun(whole, around, change)).train();
    };
    await trainOnTo(7);
    const again = await startRun(chat("beside"), memoryFolder(), around);
    expect(await validated(again)).toBeCloseTo(loss, 4);
    await trainOnTo(9);
    await expect(open(openFolder(at("beside")))).rejects.toThrow(/step-000006/); // gone by now
  });

  it("whose base is gone say which it was", async () => {
    const name = at("adapted/checkpoints/step-000006");
    await expect(openModel(openFolder(name), "latest")).rejects.toThrow(/without its base[\s\S]*chatty/);
  });
});
