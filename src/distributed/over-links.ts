import type { Collective } from "./collective.js";
import { RankError } from "./errors.js";
import type { Links } from "./links.js";
import { allGatherMoves, allReduceMoves, gatherMoves, type Move, othersOf, pieceSize } from "./moves.js";

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
    allReduce: (array) => make(links, array, allReduceMoves(links, array.length)),
    allGatherParts: (array, bounds) => make(links, array, allGatherMoves(links, bounds)),
    gatherParts: (array, bounds) => make(links, array, gatherMoves(links, bounds)),
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

async function make(links: Links, array: Float32Array, moves: readonly Move[]): Promise<void> {
  for (const { send, take } of moves) {
    await Promise.all([
      send && sendAll(links, send.to, array.subarray(...send.part)),
      take && receiveAll(links, take.from, array.subarray(...take.part), take.adds),
    ]);
  }
}

async function sendAll(links: Links, to: number, part: Float32Array): Promise<void> {
  for (let at = 0; at < part.length; at += pieceSize) {
    const { buffer, byteOffset, byteLength } = part.subarray(at, at + pieceSize);
    await links.send(to, new Uint8Array(buffer, byteOffset, byteLength));
  }
}

async function receiveAll(links: Links, from: number, part: Float32Array, adds: boolean): Promise<void> {
  for (let at = 0; at < part.length; at += pieceSize) {
    const { buffer, byteOffset, byteLength } = await links.receive(from);
    const wanted = part.subarray(at, at + pieceSize);
    if (byteLength !== wanted.byteLength) throw outOfStep(from, byteLength, wanted.byteLength);
    const piece = new Float32Array(buffer, byteOffset, wanted.length);
    if (adds) for (let i = 0; i < piece.length; i++) part[at + i] += piece[i];
    else part.set(piece, at);
  }
}

const outOfStep = (from: number, found: number, wanted: number) =>
  new RankError(
    "ranks are not at the same place of the training",
    `rank ${from} sends ${found} bytes instead of ${wanted}`,
    "this is a defect of the program: please report it; the last checkpoint is whole",
  );
