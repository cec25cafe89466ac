import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type ChatTask, readTasks } from "./tasks.js";

const root = await fs.mkdtemp(join(tmpdir(), "tasks-"));
afterAll(() => fs.rm(root, { recursive: true }));

async function read(...values: unknown[]): Promise<ChatTask[]> {
  const file = join(root, "rows.jsonl");
  await fs.writeFile(file, values.map((value) => JSON.stringify(value)).join("\n"));
  const found: ChatTask[] = [];
  for await (const task of readTasks(file)) found.push(task);
  return found;
}

const asked = { role: "user", content: "2 + 3 =" };

it("a task is a text or messages, and any answer", async () => {
  const told = { role: "system", content: "Be brief." };
  const found = await read(
    { prompt: "2 + 3 =", answer: "5" },
    { prompt: [told, asked], answer: { sum: 5 } },
    { prompt: [asked], answer: 0 },
  );
  expect(found.map(({ source: _, ...task }) => task)).toEqual([
    { prompt: [asked], answer: "5" },
    { prompt: [told, asked], answer: { sum: 5 } },
    { prompt: [asked], answer: 0 },
  ]);
});

it.each([
  [{ prompt: "2 + 3 =" }, /says nothing of the right answer.*rows.jsonl:1 has: prompt/s],
  [{ prompt: "2 + 3 =", answer: null }, /says nothing of the right answer/],
  [
    { prompt: [asked, { role: "assistant", content: "5" }], answer: "5" },
    /its last message is of the assistant/,
  ],
  [{ answer: "5" }, /prompt/],
])("%j is refused", async (row, message) => {
  await expect(read(row)).rejects.toThrow(message);
});
