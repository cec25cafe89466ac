/** Who may ask: a shared secret, compared without telling by the time it takes how much of it was right. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { ApiError } from "./api-error.js";

/** Lets requests with `Authorization: Bearer <key>` through; others get 401. */
export function requireKey(key: string): MiddlewareHandler {
  return async (c, next) => {
    const given = bearer(c);
    if (given === undefined || !isSameKey(given, key)) throw wrongKey(given);
    await next();
  };
}

/** The key in the header `Authorization: Bearer <key>`. */
export function bearer(c: Context): string | undefined {
  return /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

/** Whether the keys are one. */
export function isSameKey(given: string, key: string): boolean {
  // Digests have one length, whatever was sent; timingSafeEqual needs that.
  return timingSafeEqual(digest(given), digest(key));
}

/** Has a browser's page know that it is the key that a server wants. */
export const askForKey = { "www-authenticate": 'Bearer realm="autodidact"' };

const digest = (text: string) => createHash("sha256").update(text).digest();

function wrongKey(given: string | undefined): ApiError {
  return new ApiError(
    401,
    given === undefined ? "the request has no API key" : "the API key is wrong",
    given === undefined ? "no header Authorization: Bearer" : `a key of ${given.length} characters`,
    "send Authorization: Bearer and the key that the server was started with",
    { code: "invalid_api_key", headers: askForKey },
  );
}
