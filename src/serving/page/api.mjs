// OpenAI's API, as far as the page needs it.

/** @typedef {"microphone" | "key" | "busy" | "network" | "refused" | "server"} FailureKind */

/** Why there is no answer, or no more of it. */
export class Failure extends Error {
  /**
   * @param {FailureKind} kind
   * @param {string} [details] the server's own words
   * @param {number} [retryAfter] seconds
   */
  constructor(kind, details = "", retryAfter) {
    super(details || kind);
    this.kind = kind;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/**
 * The names of the model and its adapters. Throws `Failure`, and the signal's reason.
 * @param {string | undefined} key
 * @param {AbortSignal} [signal]
 * @returns {Promise<string[]>}
 */
export async function listModels(key, signal) {
  const response = await ask("v1/models", key, { signal });
  const { data } = await response.json();
  return data.map((/** @type {{ id: string }} */ { id }) => id);
}

/**
 * @typedef {object} Chunk
 * @property {{ delta: { content?: string }, finish_reason: "stop" | "length" | null }[]} choices
 * @property {{ completion_tokens: number } | null} [usage]
 */

/**
 * The chunks of a chat completion as they come. Throws `Failure`, and the signal's reason.
 * @param {object} request
 * @param {string | undefined} key
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Chunk>}
 */
export async function* streamChat(request, key, signal) {
  const body = JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } });
  const headers = { "content-type": "application/json" };
  const response = await ask("v1/chat/completions", key, { method: "POST", body, headers, signal });
  for await (const data of events(response, signal)) {
    if (data === "[DONE]") return;
    const chunk = JSON.parse(data);
    if (chunk.error) throw new Failure("server", chunk.error.message);
    yield chunk;
  }
  throw new Failure("network"); // a stream that is whole ends with [DONE]
}

/**
 * The data of server-sent events.
 * @param {Response} response
 * @param {AbortSignal} signal
 */
async function* events(response, signal) {
  const body = /** @type {ReadableStream<BufferSource>} */ (response.body);
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { done, value } = await reachable(reader.read(), signal);
    if (done) return;
    const parts = (held + value).split("\n\n");
    held = parts.pop() ?? "";
    for (const part of parts) yield part.replace(/^data: /, "");
  }
}

/**
 * An answer that is a success. Throws `Failure`, and the signal's reason.
 * @param {string} path beside the page, so that it may lie in a folder of another server
 * @param {string | undefined} key
 * @param {RequestInit} [init]
 */
export async function ask(path, key, init = {}) {
  const headers = key === undefined ? init.headers : { ...init.headers, authorization: `Bearer ${key}` };
  const response = await reachable(fetch(path, { ...init, headers }), init.signal);
  if (!response.ok) throw await failureOf(response);
  return response;
}

/**
 * @template T
 * @param {Promise<T>} answer
 * @param {AbortSignal | null} [signal]
 */
async function reachable(answer, signal) {
  try {
    return await answer;
  } catch {
    signal?.throwIfAborted();
    throw new Failure("network");
  }
}

/** @param {Response} response */
async function failureOf(response) {
  const { status } = response;
  const body = await response.json().catch(() => undefined);
  // LibreTranslate's errors are texts.
  const details = body?.error?.message ?? body?.error ?? `HTTP ${status} ${response.statusText}`;
  if (response.headers.has("www-authenticate")) return new Failure("key", details);
  if (status === 429) return new Failure("busy", details, Number(response.headers.get("retry-after")));
  return new Failure(status < 500 ? "refused" : "server", details);
}
