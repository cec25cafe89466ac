/** Processes that train together over TCP, where there is no MPI. */
import { createFailure, type Failure } from "../threads/failure.js";
import type { Collective } from "./collective.js";
import type { Meeting } from "./mesh.js";
import { startQuestions } from "./questions.js";
import type { TcpQuestion } from "./tcp-thread.js";

export interface TcpCollective extends Collective {
  /** Comes when the ranks cannot go on together. */
  readonly failing: Failure;
}

/**
 * Comes together with the other ranks; `onListening` is told rank 0's port, on rank 0. Throws `RankError` where they do not
 * come in `waitSeconds`, or do not belong together.
 */
export async function joinTcp(
  meeting: Meeting,
  onListening?: (port: number) => void,
): Promise<TcpCollective> {
  const ask = startQuestions<TcpQuestion>("./tcp-thread", import.meta.url, meeting);
  if (meeting.rank === 0) onListening?.(await ask<number>({ kind: "port" }));
  await ask({ kind: "meet" });
  const failing = createFailure();
  ask({ kind: "failing" }).catch(failing.fail);
  let shared = new Float32Array(new SharedArrayBuffer(0));
  /** Has something done with a copy that both threads see. */
  async function inPlace(array: Float32Array, question: (shared: SharedArrayBuffer) => TcpQuestion) {
    if (shared.length !== array.length) shared = new Float32Array(new SharedArrayBuffer(array.byteLength));
    shared.set(array);
    await ask(question(shared.buffer));
    array.set(shared);
  }
  return {
    rank: meeting.rank,
    size: meeting.size,
    failing,
    allReduce: (array) => inPlace(array, (shared) => ({ kind: "allReduce", shared })),
    allGatherParts: (array, bounds) =>
      inPlace(array, (shared) => ({ kind: "allGatherParts", shared, bounds })),
    gatherParts: (array, bounds) => inPlace(array, (shared) => ({ kind: "gatherParts", shared, bounds })),
    allGather: <T>(value: T) => ask<T[]>({ kind: "allGather", value }),
    broadcast: <T>(value?: T) => ask<T>({ kind: "broadcast", value }),
    close: () => ask({ kind: "close" }),
    abort: (reason) => ask({ kind: "abort", reason }),
  };
}
