/** Who may ask: a shared secret, compared without telling by the time it takes how much of it was right. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { ApiError } from "./api-error.js";

/** Lets requests with `Authorization: Bearer <key>` through; others get 401. */
export function requireKey(key: string): MiddlewareHandler {
  const expected = digest(key);
  return async (c, next) => {
    const given = /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    // Digests have one length, whatever was sent; timingSafeEqual needs that.
    if (given === undefined || !timingSafeEqual(digest(given), expected)) throw wrongKey(given);
    await next();
  };
}

const digest = (text: string) => createHash("sha256").update(text).digest();

function wrongKey(given: string | undefined): ApiError {
  return new ApiError(
    401,
    given === undefined ? "the request has no API key" : "the API key is wrong",
    given === undefined ? "no header Authorization: Bearer" : `a key of ${given.length} characters`,
    "send Authorization: Bearer and the key that the server was started with",
    { code: "invalid_api_key", headers: { "www-authenticate": 'Bearer realm="autodidact"' } },
  );
}
