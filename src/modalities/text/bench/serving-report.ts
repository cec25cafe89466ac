/** Servers under load, one after the other: what they did and what they should have done. */
import type { BenchReport, BenchSurroundings } from "../../../bench/bench.js";
import { speed, table } from "../../../bench/table.js";
import { formatBytes, formatCount, formatShare } from "../../../core/quantities.js";
import { servedDecoders } from "./decoders.js";
import { benchServing, type ServingResult } from "./serving.js";

/** Measures the named of `servedDecoders`. Throws `BenchError` when a server or its clients break off. */
export async function reportServing(
  names: readonly string[],
  { seconds, announce, warn }: BenchSurroundings,
): Promise<BenchReport> {
  const serving: ServingResult[] = [];
  for (const decoder of servedDecoders.filter(({ name }) => names.includes(name))) {
    announce(`${decoder.name}: many clients for ${seconds} seconds, one before and after`);
    const result = await benchServing(decoder, { seconds });
    serving.push(result);
    for (const shortfall of shortfalls(result)) warn(shortfall);
  }
  return { results: { serving }, tables: [servingTable(serving)] };
}

export function servingTable(results: readonly ServingResult[]): string {
  const rows = results.flatMap(({ parameters, phases, ratio }) =>
    phases.map((phase) => [
      `GPT-2 (${formatCount(parameters)}), ${phase.clients === 1 ? "one client" : `${phase.clients} clients`}, ${phase.seconds} s`,
      String(phase.answers),
      String(phase.errors.length),
      speed(phase.tokensPerSecond),
      phase.clients === 1 ? "1" : ratio.toFixed(2),
      `${phase.firstTokenMs.median.toFixed(0)} / ${phase.firstTokenMs.p95.toFixed(0)} ms`,
      blocked(phase),
      `${formatBytes(phase.residentBytes.warm)} / ${formatBytes(phase.residentBytes.end)}`,
    ]),
  );
  const heads = ["serving", "answers", "errors", "tok/s", "to one client", "first token, median / p95"];
  return table([...heads, "event loop late, own work", "memory, warm / at the end"], rows);
}

function blocked({ blockedMs, workMs }: ServingResult["phases"][number]): string {
  return [blockedMs, ...(workMs === undefined ? [] : [workMs])].map((ms) => `${ms.toFixed(0)} ms`).join(", ");
}

/** What a server has to reach. */
const goals = { blockedMs: 50, growth: 0.05, ratio: 2.5 };

/** What it has not. */
export function shortfalls({ name, phases, ratio }: ServingResult): string[] {
  const errors = phases.flatMap((phase) => phase.errors);
  const blockedMs = Math.max(...phases.map((phase) => phase.blockedMs));
  const workMs = Math.max(...phases.map((phase) => phase.workMs ?? 0));
  const own = workMs > 0 ? `, of which its own work took at most ${workMs.toFixed(0)}` : "";
  const { warm, end } = phases[1].residentBytes;
  const growth = end / warm - 1;
  const missed: [boolean, string][] = [
    [errors.length > 0, `${errors.length} requests failed, the first with: ${errors[0]}`],
    [
      blockedMs > goals.blockedMs,
      `the event loop was late by ${blockedMs.toFixed(0)} ms, more than ${goals.blockedMs}${own}`,
    ],
    [
      growth > goals.growth,
      `memory grew by ${formatShare(growth)} after the warm-up, more than ${formatShare(goals.growth)}`,
    ],
    [
      ratio < goals.ratio,
      `many clients got ${ratio.toFixed(2)} times the tokens of one, less than ${goals.ratio}`,
    ],
  ];
  return missed.flatMap(([isMissed, what]) => (isMissed ? [`${name}: ${what}`] : []));
}
