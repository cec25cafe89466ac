import { AutodidactError } from "../errors.js";

/**
 * The length of one axis: a number, or a polynomial in named lengths ("past + 1", "2*b*t") that is
 * known only when the graph runs. Two sizes are equal when their canonical texts are.
 */
export type Size = number | string;

/** Coefficients by monomial: "" is the constant, "b*t" the product of two names in sorted order. */
type Polynomial = Map<string, number>;

export class SizeError extends AutodidactError {}

function parse(size: Size): Polynomial {
  if (typeof size === "number") return new Map(size === 0 ? [] : [["", size]]);
  const terms: Polynomial = new Map();
  for (const term of size.split("+")) {
    const factors = term
      .trim()
      .split("*")
      .map((f) => f.trim());
    const names = factors.filter((f) => !/^-?\d+$/.test(f)).sort();
    if (!names.every((name) => /^[a-z_]\w*$/i.test(name))) {
      throw new SizeError("a size is not a sum of products", size, 'write it like "past + 1" or "2*b*t"');
    }
    const coefficient = factors.filter((f) => /^-?\d+$/.test(f)).reduce((c, f) => c * Number(f), 1);
    const key = names.join("*");
    terms.set(key, (terms.get(key) ?? 0) + coefficient);
  }
  return terms;
}

function format(terms: Polynomial): Size {
  const entries = [...terms].filter(([, c]) => c !== 0);
  if (entries.length === 0) return 0;
  if (entries.length === 1 && entries[0][0] === "") return entries[0][1];
  entries.sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : a < b ? -1 : 1));
  return entries.map(([key, c]) => (key === "" ? `${c}` : c === 1 ? key : `${c}*${key}`)).join(" + ");
}

/** The size in its canonical text. Throws `SizeError` when it is not a polynomial. */
export function canonicalSize(size: Size): Size {
  return typeof size === "number" ? size : format(parse(size));
}

export function addSizes(a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const sum = parse(a);
  for (const [key, c] of parse(b)) sum.set(key, (sum.get(key) ?? 0) + c);
  return format(sum);
}

export function subtractSizes(a: Size, b: Size): Size {
  return addSizes(a, multiplySizes(b, -1));
}

export function multiplySizes(a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return a * b + 0; // never -0
  const product: Polynomial = new Map();
  for (const [ka, ca] of parse(a)) {
    for (const [kb, cb] of parse(b)) {
      const key = [...ka.split("*"), ...kb.split("*")].filter(Boolean).sort().join("*");
      product.set(key, (product.get(key) ?? 0) + ca * cb);
    }
  }
  return format(product);
}

/** The product of the sizes of `shape`. */
export function sizeOf(shape: readonly Size[]): Size {
  return shape.reduce(multiplySizes, 1);
}

/** a / b where b is one monomial that divides every term of a. Throws `SizeError` otherwise. */
export function divideSizes(a: Size, b: Size): Size {
  const uneven = () =>
    new SizeError("an axis cannot be divided evenly", `${a} / ${b}`, "choose sizes that divide");
  const divisor = [...parse(b)];
  if (divisor.length !== 1) throw uneven();
  const [divisorKey, divisorCoefficient] = divisor[0];
  const quotient: Polynomial = new Map();
  for (const [key, c] of parse(a)) {
    const rest = key.split("*").filter(Boolean);
    const divides = divisorKey
      .split("*")
      .filter(Boolean)
      .every((name) => {
        const at = rest.indexOf(name);
        if (at >= 0) rest.splice(at, 1);
        return at >= 0;
      });
    if (!divides || c % divisorCoefficient !== 0) throw uneven();
    quotient.set(rest.join("*"), c / divisorCoefficient);
  }
  return format(quotient);
}

/** The size as a sum of products, for code that computes it when the graph runs. */
export function terms(size: Size): { coefficient: number; names: string[] }[] {
  return [...parse(size)].map(([key, coefficient]) => ({
    coefficient,
    names: key.split("*").filter(Boolean),
  }));
}

/** The size as a number. Throws `SizeError` when it is not known before the graph runs. */
export function known(size: Size): number {
  if (typeof size === "number") return size;
  throw new SizeError(
    "a size must be known when the graph is traced",
    `axis length ${size}`,
    "give the input a number for this axis instead of a name",
  );
}
