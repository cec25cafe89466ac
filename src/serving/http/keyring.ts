/**
 * The keys of a server, and how much each may ask. They are compared without telling by the time it takes how much of
 * one was right.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Context } from "hono";
import { ServingError } from "../errors.js";
import { ApiError } from "./api-error.js";

/** A key that clients send as a bearer token. */
export interface ApiKey {
  readonly key: string;
  /** Most requests in any 60 seconds; absent: as many as the server takes. */
  readonly requestsPerMinute?: number;
  /** Most requests that are answered at once, streams to their end; absent: as many as the server takes. */
  readonly maxConcurrent?: number;
}

const minuteMs = 60_000;

/** Keys, each with what it has asked lately. */
export class Keyring {
  private readonly holders: readonly Holder[];

  /**
   * `now` in milliseconds. Throws `ServingError` for no keys, an empty one, and limits that are no whole numbers above 0.
   */
  constructor(keys: readonly ApiKey[], now: () => number = () => performance.now()) {
    if (keys.length === 0) throw noKeys("an empty list");
    for (const [i, key] of keys.entries()) checkKey(key, `key ${i + 1} of ${keys.length}`);
    this.holders = keys.map((key) => new Holder(key, now));
  }

  /** Who holds a key. All keys are compared, so that the time tells nothing about any. */
  find(given: string): Holder | undefined {
    return this.holders.filter(({ limits }) => isSameKey(given, limits.key))[0];
  }
}

function checkKey({ key, requestsPerMinute, maxConcurrent }: ApiKey, place: string): void {
  if (key === "") throw noKeys(`${place} is empty`);
  for (const [name, limit] of Object.entries({ requestsPerMinute, maxConcurrent })) {
    if (limit === undefined || (Number.isSafeInteger(limit) && limit > 0)) continue;
    throw new ServingError(
      "a limit of an API key is wrong",
      `${place}: ${name} ${limit}`,
      "give a whole number above 0, or leave it out for none",
    );
  }
}

function noKeys(values: string): ServingError {
  const advice = "give keys, each with at least one character, or leave apiKey out for a server that is open";
  return new ServingError("the server has no API key that a client could send", values, advice);
}

/** One who has a key. */
export class Holder {
  /** When the requests of the last minute came. */
  private times: number[] = [];
  private active = 0;

  constructor(
    readonly limits: ApiKey,
    private readonly now: () => number,
  ) {}

  /** Counts a request; call the result when it is answered. Throws `ApiError` 429 when it is one too many. */
  enter(): () => void {
    const { requestsPerMinute = Number.POSITIVE_INFINITY, maxConcurrent = Number.POSITIVE_INFINITY } =
      this.limits;
    if (this.active >= maxConcurrent) {
      throw tooMany("requests at once", `${this.active} being answered, of at most ${maxConcurrent}`, 1);
    }
    const now = this.now();
    this.times = this.times.filter((time) => now - time < minuteMs);
    if (this.times.length >= requestsPerMinute) {
      const seconds = Math.ceil((minuteMs - (now - this.times[0])) / 1000);
      throw tooMany("requests a minute", `${requestsPerMinute} in the last 60 seconds`, seconds);
    }
    if (requestsPerMinute < Number.POSITIVE_INFINITY) this.times.push(now);
    this.active++;
    let isInside = true;
    return () => {
      if (isInside) this.active--;
      isInside = false;
    };
  }
}

function isSameKey(given: string, key: string): boolean {
  // Digests have one length, whatever was sent; timingSafeEqual needs that.
  return timingSafeEqual(digest(given), digest(key));
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/**
 * Counts a request of a key's holder until its answer has been sent, or its client has gone. In a server that is not
 * Node's that is not known, and requests at once are not counted.
 */
export function enterUntilSent(holder: Holder, c: Context): void {
  const leave = holder.enter();
  const { outgoing } = (c.env ?? {}) as { outgoing?: ServerResponse };
  if (!outgoing || outgoing.closed) leave();
  else outgoing.once("close", leave);
}

function tooMany(what: string, values: string, seconds: number): ApiError {
  return new ApiError(
    429,
    `the API key has too many ${what}`,
    values,
    seconds === 1 ? "try again in a second" : `try again in ${seconds} seconds`,
    { code: "rate_limit_exceeded", headers: { "retry-after": String(seconds) } },
  );
}
