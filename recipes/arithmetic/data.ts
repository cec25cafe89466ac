/**
 * Writes sums of numbers up to 49 into the folder given: `text.txt`, all of them, eight times in other orders; `chats.jsonl`,
 * some of them asked, a third of which are answered in JSON; `tasks.jsonl`, others that are asked, with what is right.
 *
 *   npx tsx recipes/arithmetic/data.ts data/arithmetic
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { permuted } from "../../src/core/random.js";

const folder = process.argv[2] ?? "data/arithmetic";
const numbers = 50;
const passes = 8;
const counts = { chats: 1200, tasks: 1000 };

type Sum = readonly [a: number, b: number];

/** All sums, each time in another order. */
const sums = (pass: number): Sum[] =>
  Array.from({ length: numbers ** 2 }, (_, i) => {
    const drawn = permuted(i, numbers ** 2, 1, "sums", pass);
    return [Math.floor(drawn / numbers), drawn % numbers];
  });
const asked = sums(passes);
const prompt = ([a, b]: Sum) => `${a} + ${b} =`;
const answer = ([a, b]: Sum) => ({ sum: a + b });

function write(name: string, lines: readonly string[]): void {
  writeFileSync(join(folder, name), lines.map((line) => `${line}\n`).join(""));
}

mkdirSync(folder, { recursive: true });
const read = Array.from({ length: passes }, (_, pass) => sums(pass)).flat();
write(
  "text.txt",
  read.map(([a, b]) => `${a} + ${b} = ${a + b}`),
);
write(
  "chats.jsonl",
  asked.slice(0, counts.chats).map((sum, i) => {
    const right = answer(sum);
    const completion = i % 3 === 0 ? JSON.stringify(right) : `It is ${right.sum}.`;
    return JSON.stringify({ prompt: prompt(sum), completion });
  }),
);
write(
  "tasks.jsonl",
  asked
    .slice(counts.chats, counts.chats + counts.tasks)
    .map((sum) => JSON.stringify({ prompt: prompt(sum), answer: answer(sum) })),
);
