/**
 * The thread that speaks with the other ranks, so that signs of life are sent while the process computes. It answers
 * `TcpQuestion`s.
 */
import { threadData } from "../threads/start-thread.js";
import { type Meeting, openMesh } from "./mesh.js";
import { overLinks } from "./over-links.js";
import { answerQuestions } from "./questions.js";

export type TcpQuestion =
  /** Of rank 0: gives the port on which it listens. */
  | { readonly kind: "port" }
  /** Answered when all ranks are linked. */
  | { readonly kind: "meet" }
  /** Throws once the ranks cannot go on; answered when this one has gone. */
  | { readonly kind: "failing" }
  /** Floats that are summed in place. */
  | { readonly kind: "allReduce"; readonly shared: SharedArrayBuffer }
  /** Floats of which parts are exchanged in place. */
  | {
      readonly kind: "allGatherParts" | "gatherParts";
      readonly shared: SharedArrayBuffer;
      readonly bounds: readonly number[];
    }
  /** Gives what each rank gave. */
  | { readonly kind: "allGather"; readonly value: unknown }
  /** Gives what rank 0 gave. */
  | { readonly kind: "broadcast"; readonly value: unknown }
  | { readonly kind: "close" }
  | { readonly kind: "abort"; readonly reason: string };

let listening: (port: number) => void;
const port = new Promise<number>((resolve) => {
  listening = resolve;
});
let gone: () => void;
const left = new Promise<void>((resolve) => {
  gone = resolve;
});
const linked = openMesh(threadData<Meeting>(), (number) => listening(number));
const met = linked.then(overLinks);
met.catch(() => {});

async function answer(question: TcpQuestion): Promise<unknown> {
  if (question.kind === "port") return Promise.race([port, met.then(() => undefined)]);
  const collective = await met;
  switch (question.kind) {
    case "meet":
      return undefined;
    case "failing":
      return Promise.race([(await linked).failing, left]);
    case "allReduce":
      return collective.allReduce(new Float32Array(question.shared));
    case "allGatherParts":
    case "gatherParts":
      return collective[question.kind](new Float32Array(question.shared), question.bounds);
    case "allGather":
      return collective.allGather(question.value);
    case "broadcast":
      return collective.broadcast(question.value);
    case "close":
      return collective.close().finally(gone);
    case "abort":
      return collective.abort(question.reason).finally(gone);
  }
}

answerQuestions(answer);
