/** The thread of a model's uses: opens the model, then does one thing after another, in the order they are asked for. */
import { parentPort } from "node:worker_threads";
import { nodeRuntime } from "../../core/runtime/node.js";
import { withDevice } from "../../core/runtime/session.js";
import { openFolder } from "../../files/disk.js";
import { threadData } from "../../threads/start-thread.js";
import type { Modality, Named, Output, Surroundings } from "../modality.js";
import { nameIn } from "../saved.js";
import { endThread, partsOf, type ThreadOptions, type UseAnswer, type UseMessage } from "./messages.js";

const port = parentPort!;
const say = (answer: UseAnswer) => port.postMessage(answer);

async function open({ name, folder, checkpoint, device = "cpu", modalities: module }: ThreadOptions) {
  const modalities: readonly Modality[] | undefined = module && (await import(module)).modalities;
  const runtime = withDevice(nodeRuntime, device);
  const around: Surroundings = { runtime, openFolder, modalities };
  const named = await nameIn(name, openFolder(folder), checkpoint, around);
  await named.open();
  return { named, around };
}

async function answer(named: Named, around: Surroundings, message: UseMessage): Promise<void> {
  const { id, verb, options, inputs, wanted, cancelled } = message;
  const abort = new AbortController();
  const poll = () => {
    if (Atomics.load(cancelled, 0) !== 0) abort.abort();
    abort.signal.throwIfAborted();
  };
  try {
    poll();
    const use = named.kind.uses.find((use) => use.verb === verb)!;
    const outputs: Output[] = [];
    const surroundings = { ...around, signal: abort.signal, onProgress: poll };
    for await (const output of use.run(named, { options, inputs, wanted }, surroundings))
      outputs.push(output);
    say({ kind: "done", id, outputs });
  } catch (error) {
    say({ kind: "error", id, error: partsOf(error) });
  }
}

const opened = open(threadData());
opened.then(
  () => say({ kind: "ready" }),
  (error) => say({ kind: "failed", error: partsOf(error) }),
);
let last: Promise<void> = Promise.resolve();
port.on("message", (message: UseMessage | typeof endThread) => {
  last = last.then(async () => {
    if (message === endThread) return port.close();
    const { named, around } = await opened;
    await answer(named, around, message);
  });
});
