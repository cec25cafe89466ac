import { setTimeout as sleep } from "node:timers/promises";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { Device } from "../session.js";

/** One word for all threads of the process: 1 while one of them is at work on a device. Threads find it when they start. */
const key = "autodidact: a device is at work";
const shared = getEnvironmentData(key);
const word = shared instanceof Int32Array ? shared : new Int32Array(new SharedArrayBuffer(4));
setEnvironmentData(key, word);

let last: Promise<unknown> = Promise.resolve();

/**
 * Does the work when what was begun before is done, in whatever thread: two at once in WebGPU's provider end the process
 * (onnxruntime#32561). On the CPU it is begun at once.
 */
export function inTurn<T>(device: Device, work: () => T | Promise<T>): Promise<T> {
  if (device === "cpu") return (async () => work())();
  const mine = last.then(async () => {
    while (Atomics.compareExchange(word, 0, 0, 1) !== 0) await sleep(1);
    try {
      return await work();
    } finally {
      Atomics.store(word, 0, 0);
    }
  });
  last = mine.catch(() => {});
  return mine;
}
