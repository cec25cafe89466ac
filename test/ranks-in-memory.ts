/** Ranks of one process, for tests of what they do together. */
import type { Links } from "../src/distributed/links.js";

/** Links between so many ranks, by rank. */
export function linksInMemory(size: number): Links[] {
  const boxes = new Map<string, { messages: Uint8Array[]; waiting: ((message: Uint8Array) => void)[] }>();
  const box = (from: number, to: number) => {
    const name = `${from} to ${to}`;
    if (!boxes.has(name)) boxes.set(name, { messages: [], waiting: [] });
    return boxes.get(name)!;
  };
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async send(to, bytes) {
      const { messages, waiting } = box(rank, to);
      const next = waiting.shift();
      if (next) next(bytes.slice());
      else messages.push(bytes.slice());
    },
    receive(from) {
      const { messages, waiting } = box(from, rank);
      const message = messages.shift();
      return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve));
    },
    failing: new Promise<never>(() => {}),
    async leave() {},
    async abort() {},
  }));
}
