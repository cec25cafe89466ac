import { BrailleCanvas } from "./braille.js";
import { formatCount } from "./format.js";

export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
}

export interface CurveSeries {
  /** Drawn as a line; many points to a column are averaged. */
  readonly train: readonly CurvePoint[];
  /** Drawn as marks, over the line. */
  readonly validation?: readonly CurvePoint[];
}

export interface CurveOptions {
  /** Characters across, axis included. */
  readonly width?: number;
  /** Rows of the plot, without the axis and the legend. */
  readonly height?: number;
  /** Early steps get more room: the axis is the logarithm of the step. */
  readonly logSteps?: boolean;
}

const MARK = "●";

/**
 * A loss curve as text: braille line, marks, both axes, legend; lines end in "\n". Points that are not finite
 * are left out; with none left the text is empty.
 */
export function lossCurve(series: CurveSeries, options: CurveOptions = {}): string {
  const { width = 64, height = 10, logSteps = false } = options;
  const train = finitePoints(series.train);
  const validation = finitePoints(series.validation ?? []);
  if (train.length + validation.length === 0) return "";
  const steps = extent([...train, ...validation].map(({ step }) => step));
  const along = logSteps ? (step: number) => Math.log(Math.max(step, 1)) : (step: number) => step;
  const labelWidth = Math.max(
    ...lossLabels(lossExtent(train, validation), height).map((label) => label.length),
  );
  const columns = Math.max(width - labelWidth - 2, 8);
  const place = (step: number, cells: number) =>
    position(along(step), along(steps.low), along(steps.high), cells);
  const line = averaged(train, (step) => place(step, 2 * columns));
  const losses = lossExtent(line, validation);

  const canvas = new BrailleCanvas(columns, height);
  drawLine(canvas, line, losses);
  const rows = canvas.characters();
  for (const { step, loss } of validation) rows[fromTop(loss, losses, height)][place(step, columns)] = MARK;
  const middle = logSteps ? Math.sqrt(Math.max(steps.low, 1) * steps.high) : (steps.low + steps.high) / 2;
  const below = [
    ...stepAxis([steps.low, Math.round(middle), steps.high], columns),
    legend(train, validation, logSteps),
  ];
  return [
    ...withLossAxis(rows, lossLabels(losses, height), labelWidth),
    ...below.map((text) => " ".repeat(labelWidth + 1) + text),
    "",
  ].join("\n");
}

function withLossAxis(rows: readonly string[][], labels: readonly string[], width: number): string[] {
  return rows.map((row, i) => {
    const label = labels[i];
    return `${label.padStart(width)} ${label === "" ? "│" : "┤"}${row.join("")}`.trimEnd();
  });
}

interface Extent {
  readonly low: number;
  readonly high: number;
}

/** A point of the line, `step` being its dot column. */
type ColumnPoint = CurvePoint;

function finitePoints(points: readonly CurvePoint[]): CurvePoint[] {
  return points.filter(({ step, loss }) => Number.isFinite(step) && Number.isFinite(loss));
}

function extent(values: readonly number[]): Extent {
  return values.reduce<Extent>(
    ({ low, high }, value) => ({ low: Math.min(low, value), high: Math.max(high, value) }),
    { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY },
  );
}

function lossExtent(train: readonly CurvePoint[], validation: readonly CurvePoint[]): Extent {
  const { low, high } = extent([...train, ...validation].map(({ loss }) => loss));
  return low === high ? { low: low - 0.5, high: high + 0.5 } : { low, high };
}

/** The cell of a value when `low` is the first of `cells` and `high` the last. */
function position(value: number, low: number, high: number, cells: number): number {
  return high === low ? 0 : Math.round(((value - low) / (high - low)) * (cells - 1));
}

function fromTop(loss: number, { low, high }: Extent, cells: number): number {
  return cells - 1 - position(loss, low, high, cells);
}

function averaged(points: readonly CurvePoint[], columnOf: (step: number) => number): ColumnPoint[] {
  const columns = new Map<number, { sum: number; count: number }>();
  for (const { step, loss } of points) {
    const column = columnOf(step);
    const { sum, count } = columns.get(column) ?? { sum: 0, count: 0 };
    columns.set(column, { sum: sum + loss, count: count + 1 });
  }
  return [...columns]
    .map(([step, { sum, count }]) => ({ step, loss: sum / count }))
    .sort((a, b) => a.step - b.step);
}

function drawLine(canvas: BrailleCanvas, line: readonly ColumnPoint[], losses: Extent): void {
  let previous = line[0];
  for (const point of line) {
    const y = (loss: number) => fromTop(loss, losses, 4 * canvas.rows);
    canvas.line(previous!.step, y(previous!.loss), point.step, y(point.loss));
    previous = point;
  }
}

/** A label for the top, the middle and the bottom row, blanks between; more decimals where losses lie close. */
function lossLabels({ low, high }: Extent, height: number): string[] {
  const decimals = high - low < 0.1 ? 4 : 2;
  const labelled = [0, Math.floor((height - 1) / 2), height - 1];
  return Array.from({ length: height }, (_, row) => {
    const share = height === 1 ? 0 : row / (height - 1);
    return labelled.includes(row) ? (high - share * (high - low)).toFixed(decimals) : "";
  });
}

function stepAxis([first, middle, last]: readonly [number, number, number], columns: number): string[] {
  const centre = Math.floor((columns - 1) / 2);
  const tick = (column: number) => (column === 0 || column === centre || column === columns - 1 ? "┬" : "─");
  const rule = `└${Array.from({ length: columns }, (_, column) => tick(column)).join("")}`;
  const [left, right] = [formatCount(first), formatCount(last)];
  if (first === last) return [rule, ` ${left}`];
  const inner = formatCount(middle);
  const start = Math.max(centre - Math.floor(inner.length / 2), left.length + 1);
  const labels = `${left.padEnd(start)}${inner}`;
  const room = columns - right.length;
  const middleFits = labels.length < room && inner !== left && inner !== right;
  return [rule, middleFits ? ` ${labels.padEnd(room)}${right}` : ` ${left.padEnd(room)}${right}`];
}

function legend(train: readonly CurvePoint[], validation: readonly CurvePoint[], logSteps: boolean): string {
  const names = [train.length > 0 && "⠒⠒ train", validation.length > 0 && `${MARK} validation`];
  return ` ${[...names, `loss by step${logSteps ? " (log)" : ""}`].filter(Boolean).join("   ")}`;
}
