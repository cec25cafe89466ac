/** The tensors of a GGUF file as the parameters of our decoder. */
import type { Decoder } from "../../models/decoder.js";
import type { TensorFile } from "../safetensors.js";
import type { TensorEntry } from "../safetensors-header.js";
import { architectureOf, inOurLayout, type Parameter, tensorName } from "./architecture.js";
import { GgufError } from "./errors.js";
import type { OpenGguf } from "./open-gguf.js";
import { ropeDivisors } from "./rope.js";

/** Most names that a message lists. */
const mostNames = 8;

/** The weights under our names and in our layouts. Throws `GgufError` for tensors that are missing or too many. */
export function weightsOf(gguf: OpenGguf, model: Decoder): TensorFile {
  const stored = storedParameters(gguf, model);
  const entries = new Map<string, TensorEntry>();
  for (const [name, { theirs, inputAxis }] of stored) {
    const { shape, start, byteLength } = gguf.tensors.get(theirs)!;
    const ours = inputAxis === 0 ? shape.toReversed() : shape;
    entries.set(name, { type: "F32", shape: ours, start, end: start + byteLength });
  }
  return {
    entries,
    metadata: {},
    async read(name) {
      const { theirs, inputAxis } = stored.get(name)!;
      const { shape } = gguf.tensors.get(theirs)!;
      return inOurLayout({ name, inputAxis }, { shape, data: await gguf.read(theirs) }, model).data;
    },
  };
}

type Stored = Pick<Parameter, "inputAxis"> & { readonly theirs: string };

/** By our names, of a head that is tied also the copy that some converters write. */
function storedParameters({ tensors, source }: OpenGguf, model: Decoder): Map<string, Stored> {
  const architecture = architectureOf(model);
  const nameOf = (name: string) => tensorName(name, architecture);
  const stored = new Map<string, Stored>(
    model.parameters.map(({ name, inputAxis }) => [name, { theirs: nameOf(name), inputAxis }]),
  );
  const copy = "lm_head.weight";
  if (!stored.has(copy) && tensors.has(nameOf(copy))) stored.set(copy, { theirs: nameOf(copy) });
  const known = new Set([...stored.values()].map(({ theirs }) => theirs));
  const missing = [...known].filter((name) => !tensors.has(name));
  // The config has read the divisors of the positions.
  const isRead = (name: string) => known.has(name) || (name === ropeDivisors && architecture === "llama");
  const extra = [...tensors.keys()].filter((name) => !isRead(name));
  if (missing.length === 0 && extra.length === 0) return stored;
  const list = (what: string, names: readonly string[]) =>
    names.length === 0 ? [] : `${what} ${names.slice(0, mostNames).join(", ")} (${names.length} in all)`;
  throw new GgufError(
    "the tensors are not those of the model that the file describes",
    `${source}: ${[list("missing", missing), list("unknown", extra)].flat().join("; ")}`,
    `choose a model whose parts are those of a plain ${architecture}`,
  );
}
