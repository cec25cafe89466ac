/** Decoding beside the programs that are installed: their speeds, and whether they do the same work. */
import type { BenchReport, BenchSurroundings } from "../../../bench/bench.js";
import { speed, spread, table } from "../../../bench/table.js";
import { formatCount } from "../../../core/quantities.js";
import { benchDecoding, type DecodingResult, type Speeds } from "./decoding.js";
import { findPeers, installPeers, peerNames } from "./peers.js";

/** Measures decoding. Throws `BenchError` when a side breaks off. */
export async function reportDecoding({ announce, warn }: BenchSurroundings): Promise<BenchReport> {
  announce("decoding");
  const peers = findPeers();
  const missing = peerNames.filter((name) => !peers.some((peer) => peer.name === name));
  if (missing.length > 0) {
    warn(`${missing.join(" and ")} cannot be compared with; in a checkout: ${installPeers}`);
  }
  const decoding = await benchDecoding({ peers });
  for (const disagreement of disagreements(decoding)) warn(disagreement);
  return { results: { decoding }, tables: [decodingTable(decoding)], versions: decoding.versions };
}

/** Writing token by token, and reading the prompt, of each form. */
export function decodingTable({
  parameters,
  threads,
  promptLength,
  count,
  rows,
  readTwice,
}: DecodingResult): string {
  const kinds: [keyof Speeds, string][] = [
    ["writing", `${count} tokens after ${promptLength}`],
    ["reading", `a prompt of ${promptLength}`],
  ];
  const cells = kinds.flatMap(([kind, what]) =>
    rows.map(({ form, ours, others }) => [
      `${form}, ${what}`,
      speed(ours.speeds[kind]),
      ...peerNames.flatMap((name) => {
        const other = others[name];
        return [other ? speed(other.speeds[kind]) : "-", spread(other?.ratios[kind])];
      }),
    ]),
  );
  const heads = peerNames.flatMap((name) => [`${name} tok/s`, "ratio (min..max)"]);
  const title = `decoding, GPT-2 (${formatCount(parameters)}), one text, ${threads} threads`;
  const note = `Reading all float32 weights twice a token would give ${speed(readTwice)} tok/s.`;
  return `${table([title, "tok/s", ...heads], cells)}\n\n${note}`;
}

/** Which programs wrote other tokens from the same exact weights: then their speed is that of other work. */
export function disagreements({ rows, count }: DecodingResult): string[] {
  const exact = rows.filter(({ form }) => form === "float32").flatMap(({ others }) => Object.entries(others));
  return exact
    .filter(([, { sameTokens }]) => sameTokens < count)
    .map(
      ([name, { sameTokens }]) => `${name} writes our tokens only ${sameTokens} times of ${count} in float32`,
    );
}
