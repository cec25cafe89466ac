import type { Device } from "../session.js";

let last: Promise<unknown> = Promise.resolve();

/**
 * Does the work when what was begun before is done: two threads at once in WebGPU's provider end the process
 * (onnxruntime#32561). On the CPU it is begun at once.
 */
export function inTurn<T>(device: Device, work: () => T | Promise<T>): Promise<T> {
  if (device === "cpu") return (async () => work())();
  const mine = last.then(work);
  last = mine.catch(() => {});
  return mine;
}
