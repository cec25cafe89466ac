/** Answers as server-sent events: `data: <JSON>` for each chunk, and `data: [DONE]` at the end. */
import type { ServerResponse } from "node:http";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { answerFor } from "./api-error.js";

/** A client that takes nothing for this long is gone: a stalled reader must not keep its place. */
const stalledMs = 120_000;

/**
 * Streams the chunks that `produce` sends. Waits for the first, so that what fails before it is an ordinary
 * error with its status; an error after it is sent as a last event `{ error }`, which ends the stream.
 */
export async function eventStream(
  c: Context,
  onFault: (error: unknown) => void,
  produce: (send: (chunk: object) => Promise<void>) => Promise<void>,
): Promise<Response> {
  const opened = deferred<SSEStreamingApi>();
  const begun = deferred<void>();
  const produced = produce(async (chunk) => {
    begun.resolve();
    await (await opened.promise).writeSSE({ data: JSON.stringify(chunk) });
  });
  await Promise.race([begun.promise, produced]);
  (c.env as { outgoing: ServerResponse }).outgoing.setTimeout(stalledMs);
  return streamSSE(c, async (stream) => {
    opened.resolve(stream);
    try {
      await produced;
      await stream.writeSSE({ data: "[DONE]" });
    } catch (error) {
      await stream.writeSSE({ data: JSON.stringify(answerFor(error, onFault).body) });
    }
  });
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((take) => {
    resolve = take;
  });
  return { promise, resolve };
}
