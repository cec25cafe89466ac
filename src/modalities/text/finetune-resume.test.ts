/** Fine-tuning that is stopped goes on as if it had not been. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { around, finetuneRecipe, lazily, writeData, writePretrained } from "../../../test/finetuning.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { loggedLosses, stopAfter } from "../../../test/tiny.js";
import { chatMl, chatMlTokens } from "../../features/chat/chat-template.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { resumeRun, startRun } from "../run.js";

const place = temporaryFolder();
const plain = join(place, "plain");
const chatty = join(place, "chatty");
const formats = ["text", "chat", "preferences", "tasks"] as const;

beforeAll(async () => {
  const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
  await writePretrained(plain, bytes);
  await writePretrained(chatty, addSpecialTokens(bytes, chatMlTokens, { chatTemplate: chatMl }));
});

/** Every file in a folder of the run, in base64, which compares fast. */
async function filesUnder(folder: Folder, path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await folder.list(path)) {
    const inside = path === "" ? name : `${path}/${name}`;
    if ((await folder.size(inside)) !== undefined)
      found.set(inside, Buffer.from(await folder.read(inside)).toString("base64"));
    else for (const [each, bytes] of await filesUnder(folder, inside)) found.set(each, bytes);
  }
  return found;
}

/** Every byte of the last checkpoint but for the time that it took. */
async function endOf(run: Folder): Promise<Map<string, string>> {
  const all = await filesUnder(run, "checkpoints/step-000006");
  all.delete("checkpoints/step-000006/training/state.json");
  return all;
}

describe.each(formats)("%s", (format) => {
  it.each<[string, string, object]>([
    ["all weights", plain, {}],
    ["an adapter", chatty, { lora: { rank: 2, alpha: 4 } }],
    // Tasks are also answered by the weights as they are kept.
    ...(format === "tasks"
      ? [
          ["an adapter beside int4", chatty, { lora: { rank: 2, alpha: 4, weights: "int4" } }] as [
            string,
            string,
            object,
          ],
        ]
      : []),
  ])("stopped and resumed without its files, %s: the same bits", async (name, from, model) => {
    const files = writeData(join(place, format, name));
    const recipe = finetuneRecipe(from, format, files[format], { model });
    const [whole, parted] = [memoryFolder(), memoryFolder()];
    await (await startRun(recipe, whole, around)).train();
    await (await startRun(recipe, parted, around)).train(stopAfter(3));
    rmSync(files[format]);
    await (await resumeRun(parted, around)).train();
    const end = await endOf(whole);
    expect(await endOf(parted)).toEqual(end);
    const weights = "lora" in model ? "adapter_model.safetensors" : "model.safetensors";
    expect([...end.keys()]).toContain(`checkpoints/step-000006/${weights}`);
    const losses = await loggedLosses(whole);
    expect(losses.filter(({ step, loss }) => step > 3 && loss !== 0)).not.toEqual([]);
    expect(await loggedLosses(parted)).toEqual(losses);
  });
});

it.each(["chat", "preferences", "tasks"] as const)(
  "%s: killed at any write of its preparation, it starts or resumes with the same data",
  async (format) => {
    const recipe = finetuneRecipe(plain, format, writeData(place)[format]);
    const whole = memoryFolder();
    const states: Map<string, string>[] = [];
    await startRun(
      recipe,
      watched(whole, async () => states.push(await filesUnder(whole, ""))),
      lazily,
    );
    const [nothing, ...begun] = states;
    expect(nothing.size).toBe(0);
    // After the recipe: tokenizer, its config, and the tasks, or of both splits at least two fields and an index.
    expect(begun.length).toBeGreaterThanOrEqual(format === "tasks" ? 3 : 8);
    for (const files of begun) {
      const run = memoryFolder();
      for (const [path, bytes] of files) await run.write(path, Buffer.from(bytes, "base64"));
      await resumeRun(run, lazily);
      expect(await filesUnder(run, "data")).toEqual(await filesUnder(whole, "data"));
    }
  },
);

/** The folder, with a call before each write. */
function watched(folder: Folder, beforeWrite: () => Promise<unknown>): Folder {
  return Object.assign(Object.create(folder), {
    write: async (...args: Parameters<Folder["write"]>) => {
      await beforeWrite();
      return folder.write(...args);
    },
    append: async (...args: Parameters<Folder["append"]>) => {
      await beforeWrite();
      return folder.append(...args);
    },
    folder: (path: string) => watched(folder.folder(path), beforeWrite),
  });
}
