/** Who may ask: those who know a secret. */
import type { Context, MiddlewareHandler } from "hono";
import { ApiError } from "./api-error.js";
import { enterUntilSent, type Keyring } from "./keyring.js";

/**
 * Lets requests with `Authorization: Bearer <key>` through; others get 401. What is POSTed counts against the limits of
 * the key.
 */
export function requireKey(keys: Keyring): MiddlewareHandler {
  return async (c, next) => {
    const given = bearer(c);
    const holder = given === undefined ? undefined : keys.find(given);
    if (!holder) throw wrongKey(given);
    if (c.req.method === "POST") enterUntilSent(holder, c);
    await next();
  };
}

/** The key in the header `Authorization: Bearer <key>`. */
export function bearer(c: Context): string | undefined {
  return /^Bearer +(.+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
}

/** Has a browser's page know that it is the key that a server wants. */
export const askForKey = { "www-authenticate": 'Bearer realm="autodidact"' };

function wrongKey(given: string | undefined): ApiError {
  return new ApiError(
    401,
    given === undefined ? "the request has no API key" : "the API key is wrong",
    given === undefined ? "no header Authorization: Bearer" : `a key of ${given.length} characters`,
    "send Authorization: Bearer and the key that the server was started with",
    { code: "invalid_api_key", headers: askForKey },
  );
}
