/**
 * Processes that mpirun or srun has started. Arrays go by MPI; words, and the signs of life that MPI has not, by TCP, for
 * which MPI brings the ranks together.
 */
import { randomBytes } from "node:crypto";
import { koffi } from "../core/runtime/native/koffi.js";
import { createFailure } from "../threads/failure.js";
import type { Collective } from "./collective.js";
import { RankError } from "./errors.js";
import type { Meeting } from "./mesh.js";
import { allGatherMoves, allReduceMoves, gatherMoves, type Move, type Place } from "./moves.js";
import { exitNow, type Launcher, openMpi } from "./mpi-library.js";
import type { MpiQuestion } from "./mpi-thread.js";
import { startQuestions } from "./questions.js";
import { joinTcp } from "./tcp.js";

export interface MpiMeeting extends Pick<Meeting, "waitSeconds"> {
  readonly launcher: Launcher;
  /** An address of rank 0 that all can reach; of the others it is not asked. */
  readonly host: string;
}

/**
 * Comes together with the other ranks, and says by which MPI; undefined where its library is not installed. Throws
 * `RankError` where they do not come. A process that ends without `close` ends the job.
 */
export async function joinMpi({
  launcher,
  host,
  waitSeconds,
}: MpiMeeting): Promise<{ collective: Collective; name: string } | undefined> {
  const library = openMpi(launcher);
  if (library === undefined) return undefined;
  const ask = startQuestions<MpiQuestion>("./mpi-thread", import.meta.url, launcher);
  // A thread that waits in MPI would keep the process from ending, and hold a lock that MPI_Abort may wait for.
  const leaveAtOnce = (code: number) => exitNow(code || 1);
  process.once("exit", leaveAtOnce);
  const late = createFailure();
  // What TCP waits for is named by it.
  const patience = 2 * waitSeconds;
  const timer = setTimeout(() => late.fail(notMet(library.name, patience)), patience * 1000).unref();
  const place = await ask<Place>({ kind: "initialise" }, late);
  const collective = await late.guard(meetingOf(place).then((meeting) => joinTcp(...meeting)));
  clearTimeout(timer);

  /** Arrays whose place MPI's thread has been told: they stay until it has answered. */
  const lent = new Set<Float32Array>();
  async function make(array: Float32Array, moves: readonly Move[]): Promise<void> {
    // MPI waits at full speed, which is kept from those who still compute.
    await collective.allGather(null);
    lent.add(array);
    await ask({ kind: "make", at: koffi.address(array), moves }, collective.failing);
    lent.delete(array);
  }
  return {
    name: library.name,
    collective: {
      ...collective,
      allReduce: (array) => make(array, allReduceMoves(place, array.length)),
      allGatherParts: (array, bounds) => make(array, allGatherMoves(place, bounds)),
      gatherParts: (array, bounds) => make(array, gatherMoves(place, bounds)),
      async close() {
        await collective.allGather(null);
        await ask({ kind: "finalise" }, collective.failing);
        process.off("exit", leaveAtOnce);
        await collective.close();
      },
    },
  };

  /** Rank 0 listens and has MPI tell the others where. */
  async function meetingOf({ rank, size }: Place): Promise<Parameters<typeof joinTcp>> {
    const tell = (given?: Given) => ask<Given>({ kind: "tell", value: given }, late);
    type Given = Pick<Meeting, "host" | "port" | "token">;
    if (rank > 0) return [{ rank, size, waitSeconds, ...(await tell()) }];
    const own = { host, port: 0, token: randomBytes(16).toString("hex") };
    return [{ rank, size, waitSeconds, ...own }, (port) => void tell({ ...own, port }).catch(late.fail)];
  }
}

const notMet = (name: string, seconds: number) =>
  new RankError(
    "the ranks have not come together by MPI",
    `${name}, ${seconds} s`,
    "look at what the launcher says of the others; MASTER_ADDR on rank 0 names an address of it that all can reach",
  );
