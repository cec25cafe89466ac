/**
 * Sums over ranks by recursive halving and doubling (Rabenseifner 2004), nearest partners first: whatever is summed is
 * (0 + 1) + (2 + 3), as a tree of halves within one rank has it, so the bits do not depend on how many ranks there are.
 */
import { type Links, othersOf } from "./links.js";

/** Elements of a message: one is on its way while another is added. */
const pieceSize = 2 ** 18;

/** Makes of `array`, as long on every rank, the sum over all ranks; see `Collective.allReduce`. */
export async function allReduce(links: Links, array: Float32Array): Promise<void> {
  const { rank, size } = links;
  if ((size & (size - 1)) !== 0) return inOrder(links, array);
  const kept: { partner: number; mine: Float32Array; theirs: Float32Array }[] = [];
  let whole = array;
  for (let distance = 1; distance < size; distance *= 2) {
    const middle = Math.ceil(whole.length / 2);
    const halves = [whole.subarray(0, middle), whole.subarray(middle)];
    const isLower = (rank & distance) === 0;
    const [mine, theirs] = isLower ? halves : halves.toReversed();
    const partner = rank ^ distance;
    await exchange(links, partner, theirs, (piece, at) => addTo(mine, piece, at), mine.length);
    kept.push({ partner, mine, theirs });
    whole = mine;
  }
  for (const { partner, mine, theirs } of kept.reverse()) {
    await exchange(links, partner, mine, (piece, at) => theirs.set(piece, at), theirs.length);
  }
}

/** See `Collective.allGatherParts`. */
export async function allGatherParts(
  links: Links,
  array: Float32Array,
  bounds: readonly number[],
): Promise<void> {
  const own = partOf(array, bounds, links.rank);
  await Promise.all(
    othersOf(links).map((other) => {
      const theirs = partOf(array, bounds, other);
      return exchange(links, other, own, (piece, at) => theirs.set(piece, at), theirs.length);
    }),
  );
}

/** See `Collective.gatherParts`. */
export async function gatherParts(
  links: Links,
  array: Float32Array,
  bounds: readonly number[],
): Promise<void> {
  if (links.rank > 0) return send(links, 0, partOf(array, bounds, links.rank));
  for (const other of othersOf(links)) {
    const theirs = partOf(array, bounds, other);
    await receive(links, other, (piece, at) => theirs.set(piece, at), theirs.length);
  }
}

const partOf = (array: Float32Array, bounds: readonly number[], rank: number) =>
  array.subarray(bounds[rank], bounds[rank + 1]);

/** Rank 0 adds what the others have, one after another, and gives them the sum. */
async function inOrder(links: Links, array: Float32Array): Promise<void> {
  const others = othersOf(links);
  if (links.rank > 0) {
    await send(links, 0, array);
    return receive(links, 0, (piece, at) => array.set(piece, at), array.length);
  }
  for (const other of others) {
    await receive(links, other, (piece, at) => addTo(array, piece, at), array.length);
  }
  await Promise.all(others.map((other) => send(links, other, array)));
}

type Take = (piece: Float32Array, at: number) => void;

async function exchange(links: Links, partner: number, out: Float32Array, take: Take, expected: number) {
  await Promise.all([send(links, partner, out), receive(links, partner, take, expected)]);
}

async function send(links: Links, to: number, array: Float32Array): Promise<void> {
  for (let at = 0; at < array.length; at += pieceSize) {
    const { buffer, byteOffset, byteLength } = array.subarray(at, at + pieceSize);
    await links.send(to, new Uint8Array(buffer, byteOffset, byteLength));
  }
}

async function receive(links: Links, from: number, take: Take, expected: number): Promise<void> {
  for (let at = 0; at < expected; at += pieceSize) {
    const { buffer, byteOffset, byteLength } = await links.receive(from);
    take(new Float32Array(buffer, byteOffset, byteLength / 4), at);
  }
}

function addTo(sum: Float32Array, piece: Float32Array, at: number): void {
  for (let i = 0; i < piece.length; i++) sum[at + i] += piece[i];
}
