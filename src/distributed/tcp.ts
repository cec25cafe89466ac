/** Processes that train together over TCP, where there is no MPI. */
import { startCalls } from "../threads/calls.js";
import type { Collective } from "./collective.js";
import { RankError } from "./errors.js";
import type { Meeting } from "./mesh.js";
import type { TcpAnswer, TcpQuestion } from "./tcp-thread.js";

/**
 * Comes together with the other ranks; `onListening` is told rank 0's port, on rank 0. Throws `RankError` where they do not
 * come in `waitSeconds`, or do not belong together.
 */
export async function joinTcp(meeting: Meeting, onListening?: (port: number) => void): Promise<Collective> {
  const call = startCalls<TcpQuestion, TcpAnswer>("./tcp-thread", import.meta.url, meeting);
  const asked = async <T>(question: TcpQuestion): Promise<T> => {
    const answer = await call(question);
    if ("value" in answer) return answer.value as T;
    const { what, values, advice } = answer.failed;
    throw new RankError(what, values, advice);
  };
  if (meeting.rank === 0) onListening?.(await asked<number>({ kind: "port" }));
  await asked({ kind: "meet" });
  let shared = new Float32Array(new SharedArrayBuffer(0));
  /** Has something done with a copy that both threads see. */
  async function inPlace(array: Float32Array, question: (shared: SharedArrayBuffer) => TcpQuestion) {
    if (shared.length !== array.length) shared = new Float32Array(new SharedArrayBuffer(array.byteLength));
    shared.set(array);
    await asked(question(shared.buffer));
    array.set(shared);
  }
  return {
    rank: meeting.rank,
    size: meeting.size,
    allReduce: (array) => inPlace(array, (shared) => ({ kind: "allReduce", shared })),
    allGatherParts: (array, bounds) =>
      inPlace(array, (shared) => ({ kind: "allGatherParts", shared, bounds })),
    gatherParts: (array, bounds) => inPlace(array, (shared) => ({ kind: "gatherParts", shared, bounds })),
    allGather: <T>(value: T) => asked<T[]>({ kind: "allGather", value }),
    broadcast: <T>(value?: T) => asked<T>({ kind: "broadcast", value }),
    close: () => asked({ kind: "close" }),
    abort: (reason) => asked({ kind: "abort", reason }),
  };
}
