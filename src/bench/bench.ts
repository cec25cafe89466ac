/** What a kind of data brings to the benchmark. */

export interface Bench {
  /** Training steps. */
  readonly workloads: readonly Workload[];
  /** What else there is to measure. */
  readonly sections: readonly BenchSection[];
}

/** What can be measured by itself. */
export interface BenchPart {
  /** What `--only` calls it. */
  readonly name: string;
  /** Measured only when it is asked for: it has no number to reach. */
  readonly onlyAsked?: boolean;
}

/** What is trained, here and by PyTorch, and how it is timed. */
export interface Workload extends BenchPart {
  /** Its sizes, for the reader. */
  readonly shape: string;
  /** What speed counts, in the plural; a table shows all of one unit. */
  readonly unit: string;
  readonly unitsPerStep: number;
  /** Steps that one side takes before the other's turn: short steps need company to be timed warm. */
  readonly stepsPerTurn: number;
  /** Measured steps of each side, after one turn to warm up. */
  readonly steps: number;
  /** Our side's script; `serveTraining` is its protocol. */
  readonly worker: URL;
  /** The path of PyTorch's; without one only ours runs. */
  readonly yardstick?: string;
  /** Whether it is also measured with its products in int8. */
  readonly inInt8?: boolean;
  /** What both scripts are started with. */
  readonly args: readonly string[];
}

/** A part of the benchmark with a table of its own. What it needs is loaded when it measures. */
export interface BenchSection {
  readonly parts: readonly BenchPart[];
  /** What the JSON result says when no part is measured. Default: nothing. */
  readonly unmeasured?: BenchReport["results"];
  /** Measures some of its parts, at least one. Throws `BenchError` when a process breaks off. */
  measure(names: readonly string[], around: BenchSurroundings): Promise<BenchReport>;
}

export interface BenchSurroundings {
  /** How long a server is watched under load. */
  readonly seconds: number;
  /** Told what is measured next. */
  readonly announce: (what: string) => void;
  /** Told what spoils a number, or misses what it should reach. */
  readonly warn: (warning: string) => void;
}

export interface BenchReport {
  /** By the names that the JSON result gives them. */
  readonly results: Readonly<Record<string, unknown>>;
  /** Markdown. */
  readonly tables: readonly string[];
  /** Of other programs that were measured. */
  readonly versions?: Readonly<Record<string, string>>;
}
