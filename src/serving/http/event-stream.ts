/** Answers as server-sent events: `data: <JSON>` for each chunk, and mostly `data: [DONE]` at the end. */
import type { ServerResponse } from "node:http";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { answerFor } from "./api-error.js";

/** A client that takes nothing for this long is gone: a stalled reader must not keep its place. */
const stalledMs = 120_000;

/**
 * Streams the chunks that `produce` sends. Waits for the first, so that what fails before it is an ordinary
 * error with its status; an error after it is sent as a last event `{ error }`, which ends the stream. Where chunks are
 * sent with a name, which is their event's, the last one ends the stream, and an error is named so too.
 */
export async function eventStream(
  c: Context,
  onFault: (error: unknown) => void,
  produce: (send: (chunk: object, name?: string) => Promise<void>) => Promise<void>,
): Promise<Response> {
  const opened = deferred<SSEStreamingApi>();
  const begun = deferred<void>();
  let isNamed = false;
  let sent = 0;
  const produced = produce(async (chunk, name) => {
    isNamed = name !== undefined;
    sent++;
    begun.resolve();
    await (await opened.promise).writeSSE({ data: JSON.stringify(chunk), event: name });
  });
  await Promise.race([begun.promise, produced]);
  (c.env as { outgoing: ServerResponse }).outgoing.setTimeout(stalledMs);
  return streamSSE(c, async (stream) => {
    opened.resolve(stream);
    try {
      await produced;
      if (!isNamed) await stream.writeSSE({ data: "[DONE]" });
    } catch (error) {
      const { body } = answerFor(error, onFault);
      const [data, event] = isNamed
        ? [{ type: "error", sequence_number: sent, ...body }, "error"]
        : [body, undefined];
      await stream.writeSSE({ data: JSON.stringify(data), event });
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
