/**
 * The thread that calls MPI. A call holds it until the others have made theirs, and there is one at a time: sums of calls at
 * once on one communicator are silently wrong.
 */

import { koffi } from "../core/runtime/native/koffi.js";
import { threadData } from "../threads/start-thread.js";
import { type Move, pieceSize, type Span } from "./moves.js";
import { type Address, type Launcher, openMpi } from "./mpi-library.js";
import { answerQuestions } from "./questions.js";

export type MpiQuestion =
  /** Gives the rank and how many there are. */
  | { readonly kind: "initialise" }
  /** Gives what rank 0 gave. */
  | { readonly kind: "tell"; readonly value?: unknown }
  /** Makes moves with the floats that lie there, which the asker keeps there. */
  | { readonly kind: "make"; readonly at: Address; readonly moves: readonly Move[] }
  | { readonly kind: "finalise" };

const floatBytes = 4;
const toldBytes = 2 ** 12;

const mpi = openMpi(threadData<Launcher>())!;
/** Memory of its own, that no collector takes back. */
const takenAt: Address = koffi.alloc("float", pieceSize);

function tell(value: unknown): unknown {
  const bytes = Buffer.alloc(toldBytes, " ");
  if (value !== undefined) bytes.write(JSON.stringify(value));
  mpi.broadcast(bytes);
  return JSON.parse(bytes.toString());
}

function make(at: Address, moves: readonly Move[]): void {
  const addressOf = (element: number): Address => at + BigInt(floatBytes * element);
  for (const { send, take } of moves) {
    for (let done = 0; done < Math.max(lengthOf(send?.part), lengthOf(take?.part)); done += pieceSize) {
      const [out, outCount] = pieceOf(send?.part, done);
      const [into, intoCount] = pieceOf(take?.part, done);
      const place = take?.adds ? takenAt : addressOf(into);
      if (outCount > 0 && intoCount > 0) {
        mpi.exchange(send!.to, addressOf(out), outCount, take!.from, place, intoCount);
      } else if (outCount > 0) mpi.send(send!.to, addressOf(out), outCount);
      else mpi.receive(take!.from, place, intoCount);
      if (take?.adds && intoCount > 0) mpi.add(addressOf(into), takenAt, intoCount);
    }
  }
}

const lengthOf = ([from, to]: Span = [0, 0]) => to - from;

/** Where the piece begins and how long it is. */
function pieceOf([from, to]: Span = [0, 0], done: number): [at: number, count: number] {
  return [from + done, Math.max(0, Math.min(pieceSize, to - from - done))];
}

answerQuestions<MpiQuestion>(async (question) => {
  switch (question.kind) {
    case "initialise":
      return mpi.initialise();
    case "tell":
      return tell(question.value);
    case "make":
      return make(question.at, question.moves);
    case "finalise":
      return mpi.finalise();
  }
});
