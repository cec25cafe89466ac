/** The source of a program that trains nothing and speaks the benchmark's protocol: a step takes a tenth of a second, it says. */
export const madeUpSide = (ready: object) => `
  import { createInterface } from "node:readline";
  const say = (reply) => console.log(JSON.stringify(reply));
  say(${JSON.stringify(ready)});
  const replies = { step: { seconds: 0.1, loss: 1.25 }, peak: { peakBytes: 1e9 } };
  for await (const word of createInterface({ input: process.stdin })) say(replies[word]);`;
