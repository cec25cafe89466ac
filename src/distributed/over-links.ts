import type { Collective } from "./collective.js";
import { type Links, othersOf } from "./links.js";
import { allGatherParts, allReduce, gatherParts } from "./reduce.js";

/** What ranks do together, by messages from each to each. */
export function overLinks(links: Links): Collective {
  const { rank, size } = links;
  const others = othersOf(links);
  const tell = (value: unknown) =>
    Promise.all(others.map((other) => links.send(other, encoder.encode(JSON.stringify(value ?? null)))));
  const told = async (from: number) => JSON.parse(decoder.decode(await links.receive(from)));
  return {
    rank,
    size,
    allReduce: (array) => allReduce(links, array),
    allGatherParts: (array, bounds) => allGatherParts(links, array, bounds),
    gatherParts: (array, bounds) => gatherParts(links, array, bounds),
    async allGather(value) {
      const [values] = await Promise.all([Promise.all(others.map(told)), tell(value)]);
      return values.toSpliced(rank, 0, value);
    },
    async broadcast(value) {
      if (rank > 0) return told(0);
      await tell(value);
      return value!;
    },
    close: links.leave,
    abort: links.abort,
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
