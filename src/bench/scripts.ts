/** Where the scripts of both sides lie. What names them starts nothing and loads nothing. */
import { fileURLToPath } from "node:url";

/** A file beside `source`, a module's URL: a source in a checkout, JavaScript in the package. */
export function besides(name: string, source: string): URL {
  return new URL(`${name}${source.slice(source.lastIndexOf("."))}`, source);
}

/** The path of PyTorch's side, such as "pytorch_gpt2". */
export const yardstick = (name: string): string =>
  fileURLToPath(new URL(`../../bench/${name}.py`, import.meta.url));
