type Joinable = Float32Array | Int32Array | Uint8Array;

/** A new array that holds the parts one after another. */
export function joinArrays<T extends Joinable>(
  array: new (length: number) => T,
  parts: readonly ArrayLike<number>[],
): T {
  const whole = new array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
