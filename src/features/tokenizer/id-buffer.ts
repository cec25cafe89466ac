import { grown } from "./growing-array.js";

/** Token ids that grow at the end. */
export class IdBuffer {
  length = 0;
  private ids: Int32Array;

  constructor(capacity: number) {
    this.ids = new Int32Array(Math.max(capacity, 16));
  }

  push(id: number): void {
    if (this.length === this.ids.length) this.grow(1);
    this.ids[this.length++] = id;
  }

  /** Appends `source[start, end)`; element by element, as most stretches are a few ids. */
  append(source: Int32Array, start: number, end: number): void {
    if (this.length + end - start > this.ids.length) this.grow(end - start);
    for (let i = start; i < end; i++) this.ids[this.length++] = source[i];
  }

  /** The ids so far, as an array of their own. */
  toArray(): Int32Array {
    return this.ids.slice(0, this.length);
  }

  private grow(by: number): void {
    this.ids = grown(this.ids, Int32Array, this.length + by);
  }
}
