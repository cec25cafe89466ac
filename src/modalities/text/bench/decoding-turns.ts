/** A process that writes, a turn a line: what our side and the other programs' have in common. */
import { peakBytes, serveLines } from "../../../bench/side-process.js";

/** What a side is started with, in the order of its arguments. */
export interface SideArguments {
  /** The exported model. */
  readonly folder: string;
  readonly form: Form;
  readonly threads: number;
}

/** How the matrices are kept. */
export type Form = "float32" | "int8" | "int4";

export interface Turn {
  readonly prompt: readonly number[];
  /** Tokens to write, the likeliest each. */
  readonly count: number;
}

export interface TurnReport {
  readonly tokens: readonly number[];
  /** Until the first token. */
  readonly readingSeconds: number;
  /** From the first token to the last. */
  readonly writingSeconds: number;
  readonly peakBytes: number;
}

/** Writes `count` tokens after the prompt, which it has not seen, and calls `onToken` at each. */
export type Write = (turn: Turn, onToken: (id: number) => void) => Promise<void>;

/** Opens the model that the arguments name, then takes turns until the input ends. */
export async function takeTurns(open: (side: SideArguments) => Promise<Write>): Promise<void> {
  const [folder, form, threads] = process.argv.slice(2);
  const write = await open({ folder, form: form as Form, threads: Number(threads) });
  await serveLines({}, (line) => timed(write, JSON.parse(line)));
}

async function timed(write: Write, turn: Turn): Promise<TurnReport> {
  const tokens: number[] = [];
  const times = [performance.now()];
  await write(turn, (id) => {
    tokens.push(id);
    times.push(performance.now());
  });
  return {
    tokens,
    readingSeconds: (times[1] - times[0]) / 1000,
    writingSeconds: (times[times.length - 1] - times[1]) / 1000,
    peakBytes: peakBytes(),
  };
}
