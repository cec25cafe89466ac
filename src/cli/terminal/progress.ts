import { formatCount, formatDuration, formatLoss, formatShare } from "./format.js";

/** What the line tells; a field that is not known yet is left out. */
export interface Progress {
  readonly step: number;
  readonly totalSteps?: number;
  readonly loss?: number;
  readonly validationLoss?: number;
  readonly speed?: { readonly perSecond: number; readonly unit: string };
  /** Share of the machine's measured matrix-product peak, 0 to 1. */
  readonly peakShare?: number;
  readonly secondsLeft?: number;
}

/** Where the line goes; `process.stderr` is one. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressTiming {
  /** Between two plain lines when the output is not a terminal. */
  readonly plainEverySeconds?: number;
  /** Between two repaints on a terminal. */
  readonly repaintEverySeconds?: number;
  readonly nowMs?: () => number;
}

const CLEAR_LINE = "\r\x1b[K";
const BAR_CELLS = 16;

/**
 * A progress line: on a terminal one line that repaints in place, elsewhere a plain line now and then, so that
 * a log file stays short. Nothing but this may write to the output between two calls; use `print` for that.
 */
export class ProgressLine {
  private readonly spacingMs: number;
  private readonly nowMs: () => number;
  private latest: Progress | undefined;
  private lastPaintMs = Number.NEGATIVE_INFINITY;
  private stale = false;

  constructor(
    private readonly output: ProgressOutput = process.stderr,
    { plainEverySeconds = 10, repaintEverySeconds = 0.1, nowMs = Date.now }: ProgressTiming = {},
  ) {
    this.spacingMs = 1000 * (output.isTTY ? repaintEverySeconds : plainEverySeconds);
    this.nowMs = nowMs;
  }

  /** Tells the newest state; it is painted when the last painting is long enough ago. */
  update(progress: Progress): void {
    this.latest = progress;
    this.stale = true;
    if (this.nowMs() - this.lastPaintMs >= this.spacingMs) this.paint();
  }

  /** Writes whole lines (a sample, a curve) above the live line. */
  print(text: string): void {
    this.output.write(this.output.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    if (this.output.isTTY) this.paint();
  }

  /** Leaves the newest state standing and moves to a fresh line. */
  finish(): void {
    if (this.stale) this.paint();
    if (this.output.isTTY && this.latest !== undefined) this.output.write("\n");
    this.latest = undefined;
  }

  private paint(): void {
    if (this.latest === undefined) return;
    const { isTTY, columns = 80 } = this.output;
    // The last column stays free: a full line makes some terminals wrap.
    this.output.write(
      isTTY
        ? `${CLEAR_LINE}${progressText(this.latest, columns - 1)}`
        : `${progressText(this.latest, Number.POSITIVE_INFINITY, false)}\n`,
    );
    this.lastPaintMs = this.nowMs();
    this.stale = false;
  }
}

/** The text of the line, at most `width` characters: what matters least goes first when it does not fit. */
export function progressText(progress: Progress, width: number, withBar = true): string {
  const parts = partsOf(progress, withBar);
  const leastFirst = [...parts].sort((a, b) => a.importance - b.importance);
  let shown = parts;
  while (joined(shown).length > width && shown.length > 1) {
    const dropped = leastFirst.shift();
    shown = shown.filter((part) => part !== dropped);
  }
  return joined(shown).slice(0, Math.max(width, 0));
}

interface Part {
  readonly text: string;
  readonly importance: number;
}

function partsOf(progress: Progress, withBar: boolean): Part[] {
  const { step, totalSteps, loss, validationLoss, speed, peakShare, secondsLeft } = progress;
  const parts: (Part | false)[] = [
    withBar && totalSteps !== undefined && { text: bar(step / totalSteps), importance: 0 },
    { text: `step ${step}${totalSteps === undefined ? "" : `/${totalSteps}`}`, importance: 6 },
    loss !== undefined && { text: `loss ${formatLoss(loss)}`, importance: 5 },
    validationLoss !== undefined && { text: `val ${formatLoss(validationLoss)}`, importance: 3 },
    speed !== undefined && { text: `${formatCount(speed.perSecond)} ${speed.unit}/s`, importance: 2 },
    peakShare !== undefined && { text: `${formatShare(peakShare)} of peak`, importance: 1 },
    secondsLeft !== undefined && { text: `${formatDuration(secondsLeft)} left`, importance: 4 },
  ];
  return parts.filter((part) => part !== false);
}

function joined(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join("  ");
}

function bar(share: number): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * BAR_CELLS);
  return "━".repeat(filled) + "─".repeat(BAR_CELLS - filled);
}
