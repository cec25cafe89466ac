import * as jinja from "@huggingface/jinja";

/**
 * Jinja templates come with models from strangers. The language has no loops without end, reads no files
 * and reaches no JavaScript object, but nested loops and doubled texts can ask for hours and gigabytes.
 * So an interpreter counts what a template makes, and stops it.
 */

/** Long templates of known models have some 20,000 characters. */
const MAX_SOURCE = 2 ** 17;
/** The lexer's patterns take quadratic time over white space. */
const MAX_BLANKS = 1000;
/** Characters of one text, and of all that is in one list. */
const MAX_CHARACTERS = 2 ** 24;
/** Characters of all texts that one rendering makes on its way. */
const MAX_TOTAL_CHARACTERS = 2 ** 27;
const MAX_RANGE = 2 ** 16;
const MAX_MS = 5000;
const STEPS_BETWEEN_CLOCKS = 64;

/** A template that has been parsed. */
export type JinjaProgram = jinja.Template["parsed"];

interface Value {
  readonly type: string;
  readonly value: unknown;
}

interface Scope {
  set(name: string, value: unknown): void;
}

/** The package's own types of these name files in a way that Node's resolution does not follow. */
const { Environment, Interpreter } = jinja as unknown as {
  Environment: new () => Scope;
  Interpreter: new (
    scope: Scope,
  ) => { run(program: JinjaProgram): Value; evaluate(node: unknown, scope: Scope): Value };
};

/** Throws an `Error` that says what is wrong with the source. */
export function parseJinja(source: string): JinjaProgram {
  if (source.length > MAX_SOURCE) throw new Error(`longer than ${MAX_SOURCE} characters`);
  let blanks = 0;
  for (let i = 0; i < source.length; i++) {
    blanks = source.charCodeAt(i) <= 0x20 ? blanks + 1 : 0;
    if (blanks > MAX_BLANKS) throw new Error(`more than ${MAX_BLANKS} blanks in a row`);
  }
  return new jinja.Template(source).parsed;
}

/** The text of a template for these variables. Throws an `Error` where it fails or asks for too much. */
export function renderJinja(program: JinjaProgram, variables: Readonly<Record<string, unknown>>): string {
  const scope = new Environment();
  const constants = { true: true, false: false, none: null, True: true, False: false, None: null, range };
  for (const [name, value] of Object.entries({ ...constants, ...variables })) scope.set(name, value);
  return String(new BoundedInterpreter(scope).run(program).value);
}

class BoundedInterpreter extends Interpreter {
  private readonly deadline = performance.now() + MAX_MS;
  private readonly sizes = new WeakMap<object, number>();
  private steps = 0;
  private total = 0;

  override evaluate(node: unknown, scope: Scope): Value {
    if (++this.steps % STEPS_BETWEEN_CLOCKS === 0 && performance.now() > this.deadline) {
      throw new Error(`it takes longer than ${MAX_MS / 1000} seconds`);
    }
    const value = super.evaluate(node, scope);
    this.measure(value);
    return value;
  }

  /** The characters in a value, lists counted through; what is new adds to the total. */
  private measure(value: Value | undefined): number {
    if (value === undefined) return 0; // the library's `first` of an empty list
    const known = this.sizes.get(value);
    if (known !== undefined) return known;
    const own = value.type === "StringValue" ? (value.value as string).length : 1;
    this.total += own;
    const size = partsOf(value).reduce((sum, part) => sum + this.measure(part), own);
    if (size > MAX_CHARACTERS) throw new Error(`it makes a text of more than ${MAX_CHARACTERS} characters`);
    if (this.total > MAX_TOTAL_CHARACTERS) {
      throw new Error(`it makes more than ${MAX_TOTAL_CHARACTERS} characters on its way`);
    }
    if (value.type !== "NamespaceValue") this.sizes.set(value, size); // a namespace changes
    return size;
  }
}

function partsOf({ value, type }: Value): Value[] {
  const parts: Value[] = Array.isArray(value) ? value : value instanceof Map ? [...value.values()] : [];
  // Size must not change later, and a namespace inside itself has none.
  if (parts.some((part) => part?.type === "NamespaceValue")) {
    throw new Error(`it puts a namespace into ${type === "NamespaceValue" ? "a namespace" : "a list"}`);
  }
  return parts;
}

/** Python's `range`. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MAX_RANGE)) throw new Error(`range() gives more than ${MAX_RANGE} numbers, or has step 0`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}
