/** A copy with room for at least `length` elements, and at least twice the old room. */
export function grown<T extends Int32Array | Uint16Array | Float64Array>(
  array: T,
  type: new (length: number) => T,
  length: number,
): T {
  const larger = new type(Math.max(length, array.length * 2));
  larger.set(array as never);
  return larger;
}
