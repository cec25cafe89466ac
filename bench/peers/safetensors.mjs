/** Reads WEIGHTS.safetensors of weights.py: name -> { data, shape }, for tfjs_gpt2.mjs and jaxjs_gpt2.mjs.
 * Use: import { readSafetensors } from "./safetensors.mjs" */
import { readFileSync } from "node:fs";

export function readSafetensors(path) {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE());
  const read = ({ dtype, shape, data_offsets: [from, to] }) => {
    const copy = bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to);
    return { data: dtype === "I32" ? new Int32Array(copy) : new Float32Array(copy), shape };
  };
  const header = JSON.parse(bytes.toString("utf8", 8, start));
  return Object.fromEntries(Object.entries(header).map(([name, entry]) => [name, read(entry)]));
}
