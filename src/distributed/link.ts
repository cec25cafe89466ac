/** Messages of bytes over one connection, with signs of life between them. */
import type { Duplex } from "node:stream";

/** How often a sign of life is sent. */
const beatMs = 1000;
/** A rank that has said nothing for so long is given up. */
const silenceMs = 5000;
/** Length and kind, little-endian. */
const headerBytes = 8;
/** Of a message from somebody who is not known yet. */
const strangerBytes = 2 ** 12;

const kinds = { message: 0, beat: 1, leave: 2, abort: 3 } as const;

/** A connection to another rank. */
export interface Link {
  /** Resolves when the bytes are handed over. */
  send(bytes: Uint8Array): Promise<void>;
  /** The next message. Rejects with the reason once the link has failed and all that came before is taken. */
  receive(): Promise<Uint8Array>;
  /** Tells the other side what has gone wrong here. */
  abort(reason: string): Promise<void>;
  /** Takes leave, so that the other side does not take the end for a failure. */
  leave(): Promise<void>;
}

/**
 * Speaks over a socket. `onFailure` is called once: with why the other side is gone, and `isTold` where that is what it
 * said itself. Until the other side `isKnown` long messages end the link.
 */
export function openLink(
  socket: Duplex,
  onFailure: (reason: string, isTold: boolean) => void,
  isKnown: () => boolean = () => true,
): Link {
  const messages: Uint8Array[] = [];
  const waiting: { resolve(message: Uint8Array): void; reject(error: Error): void }[] = [];
  let failure: Error | undefined;
  let hasLeft = false;
  let heardMs = performance.now();
  let beatenMs = heardMs;

  const write = (kind: keyof typeof kinds, bytes: Uint8Array = new Uint8Array()) =>
    new Promise<void>((resolve, reject) => {
      const header = Buffer.alloc(headerBytes);
      header.writeUInt32LE(bytes.length, 0);
      header.writeUInt32LE(kinds[kind], 4);
      socket.write(header);
      socket.write(bytes, (error) => (error ? reject(ended(error)) : resolve()));
    });

  function fail(reason: string, isTold = false): void {
    clearInterval(timer);
    if (failure) return;
    failure = new Error(hasLeft ? "it has left" : reason);
    if (!hasLeft) onFailure(reason, isTold);
    for (const { reject } of waiting.splice(0)) reject(failure);
  }

  function take(kind: number, body: Uint8Array): void {
    if (kind === kinds.abort) fail(Buffer.from(body).toString(), true);
    else if (kind === kinds.leave) hasLeft = true;
    else if (kind === kinds.message) {
      const next = waiting.shift();
      if (next) next.resolve(body);
      else messages.push(body);
    }
  }

  const parse = frameParser(take, (length) => length <= strangerBytes || isKnown());

  socket.on("data", (chunk) => {
    heardMs = performance.now();
    if (parse(chunk)) return;
    fail("it sends more than it may");
    socket.destroy();
  });
  socket.on("error", (error) => fail(ended(error).message));
  socket.on("close", () => fail(ended().message));
  const timer = setInterval(() => {
    const now = performance.now();
    // Where this process itself was held up, nothing can be told of the other one.
    if (now - beatenMs > 3 * beatMs) heardMs = now;
    beatenMs = now;
    if (now - heardMs > silenceMs) {
      fail(`it has said nothing for ${silenceMs / 1000} s`);
      socket.destroy();
    } else write("beat").catch(() => {});
  }, beatMs);

  return {
    send: (bytes) => write("message", bytes),
    receive() {
      const message = messages.shift();
      if (message) return Promise.resolve(message);
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    abort: (reason) => write("abort", Buffer.from(reason)).catch(() => {}),
    async leave() {
      clearInterval(timer);
      hasLeft = true;
      if (failure) return;
      await write("leave").catch(() => {});
      socket.end();
    },
  };
}

const ended = (error?: Error) => new Error(`its connection has ended${error ? ` (${error.message})` : ""}`);

/** Puts frames together again; each body has a buffer of its own. False where one is longer than `allows`. */
function frameParser(
  take: (kind: number, body: Uint8Array) => void,
  allows: (length: number) => boolean,
): (chunk: Uint8Array) => boolean {
  const header = Buffer.alloc(headerBytes);
  let body: Uint8Array | undefined;
  let filled = 0;
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      const target: Uint8Array = body ?? header;
      const part = rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < target.length) continue;
      filled = 0;
      if (body === undefined) {
        const length = header.readUInt32LE(0);
        if (!allows(length)) return false;
        body = new Uint8Array(length);
      }
      if (target === header && body.length > 0) continue;
      const whole = body;
      body = undefined;
      take(header.readUInt32LE(4), whole);
    }
    return true;
  };
}
