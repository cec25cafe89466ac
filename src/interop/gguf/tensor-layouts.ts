/** How ggml lays the values of a tensor out: in blocks of a row, which share scales. [ggml-common.h] */

/** Values of one row that are kept together, and the bytes that they take. */
export interface TensorLayout {
  /** ggml's number for the type. */
  readonly id: number;
  readonly blockLength: number;
  readonly blockBytes: number;
}

const layout = (id: number, blockLength: number, blockBytes: number): TensorLayout => ({
  id,
  blockLength,
  blockBytes,
});

/** The types that can be read. */
export const layouts = {
  F32: layout(0, 1, 4),
  F16: layout(1, 1, 2),
  Q4_0: layout(2, 32, 18),
  Q4_1: layout(3, 32, 20),
  Q5_0: layout(6, 32, 22),
  Q5_1: layout(7, 32, 24),
  Q8_0: layout(8, 32, 34),
  Q2_K: layout(10, 256, 84),
  Q3_K: layout(11, 256, 110),
  Q4_K: layout(12, 256, 144),
  Q5_K: layout(13, 256, 176),
  Q6_K: layout(14, 256, 210),
  IQ4_NL: layout(20, 32, 18),
  BF16: layout(30, 1, 2),
} as const;

/** The name of a type that can be read. */
export type StoredType = keyof typeof layouts;

const byId = new Map(Object.entries(layouts).map(([name, { id }]) => [id, name as StoredType]));

/** ggml's names for the types that cannot be read, for messages. */
const others: Readonly<Record<number, string>> = {
  ...{ 9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S" },
  ...{ 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M" },
  ...{ 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4" },
};

/** The type of ggml's number; undefined for one that cannot be read. */
export const storedType = (id: number): StoredType | undefined => byId.get(id);

/** What ggml calls a type, known or not. */
export const typeName = (id: number): string => storedType(id) ?? others[id] ?? `type ${id}`;
