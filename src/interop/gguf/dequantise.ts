/**
 * The values that the blocks of a tensor stand for, as float32: the bits that ggml's reference gives.
 * [ggml-quants.c, dequantize_row_*; gguf-py, quants.py]
 */
import { fromHalf } from "../../core/graph/dtype.js";
import { decodeQ2K, decodeQ3K, decodeQ4K, decodeQ5K, decodeQ6K } from "./dequantise-k.js";
import { layouts, type StoredType } from "./tensor-layouts.js";

/** Writes the values of the block at byte `at` of `view` to `out` from `to` on. */
export type DecodeBlock = (view: DataView, at: number, out: Float32Array, to: number) => void;

/** Fills `out` with the values of `bytes`: as many whole blocks as `out` has room for. */
export function dequantise(type: StoredType, bytes: Uint8Array, out: Float32Array): void {
  const { blockLength, blockBytes } = layouts[type];
  const decode = decoders[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, to = 0; to < out.length; at += blockBytes, to += blockLength) decode(view, at, out, to);
}

const bits = new DataView(new ArrayBuffer(4));

/** Blocks of 32 begin with a scale in float16; two values share a byte, 16 apart. */
const decoders: Readonly<Record<StoredType, DecodeBlock>> = {
  F32(view, at, out, to) {
    out[to] = view.getFloat32(at, true);
  },
  F16(view, at, out, to) {
    out[to] = fromHalf(view.getUint16(at, true));
  },
  // bfloat16 is the upper half of a float32.
  BF16(view, at, out, to) {
    bits.setUint32(0, view.getUint16(at, true) << 16);
    out[to] = bits.getFloat32(0);
  },
  Q4_0(view, at, out, to) {
    const scale = half(view, at);
    for (let i = 0; i < 32; i++) out[to + i] = scale * (nibble(view, at + 2, i) - 8);
  },
  Q4_1(view, at, out, to) {
    const [scale, least] = [half(view, at), half(view, at + 2)];
    for (let i = 0; i < 32; i++) out[to + i] = Math.fround(scale * nibble(view, at + 4, i)) + least;
  },
  Q5_0(view, at, out, to) {
    const [scale, fifths] = [half(view, at), view.getUint32(at + 2, true)];
    for (let i = 0; i < 32; i++) {
      out[to + i] = scale * ((nibble(view, at + 6, i) | (((fifths >>> i) & 1) << 4)) - 16);
    }
  },
  Q5_1(view, at, out, to) {
    const [scale, least] = [half(view, at), half(view, at + 2)];
    const fifths = view.getUint32(at + 4, true);
    for (let i = 0; i < 32; i++) {
      const code = nibble(view, at + 8, i) | (((fifths >>> i) & 1) << 4);
      out[to + i] = Math.fround(scale * code) + least;
    }
  },
  Q8_0(view, at, out, to) {
    const scale = half(view, at);
    for (let i = 0; i < 32; i++) out[to + i] = scale * view.getInt8(at + 2 + i);
  },
  IQ4_NL(view, at, out, to) {
    const scale = half(view, at);
    for (let i = 0; i < 32; i++) out[to + i] = scale * unevenSteps[nibble(view, at + 2, i)];
  },
  Q2_K: decodeQ2K,
  Q3_K: decodeQ3K,
  Q4_K: decodeQ4K,
  Q5_K: decodeQ5K,
  Q6_K: decodeQ6K,
};

/** What the codes of IQ4_NL stand for. [ggml-common.h, kvalues_iq4nl] */
const unevenSteps = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

const half = (view: DataView, at: number) => fromHalf(view.getUint16(at, true));

/** Value `i` of 32 in 16 bytes: the lower halves first, then the upper ones. */
const nibble = (view: DataView, at: number, i: number) =>
  i < 16 ? view.getUint8(at + i) & 15 : view.getUint8(at + i - 16) >> 4;
