/**
 * Keeps other web sites away from a server without a key. A page from anywhere can make its visitor's browser
 * send requests to 127.0.0.1. Without CORS headers it cannot read the answers, unless its own name is made to
 * point to 127.0.0.1 after it was loaded (DNS rebinding): then the browser takes the server for the page's own.
 * What gives it away is the Host header, which still has the page's name.
 */
import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { ApiError } from "./api-error.js";

/**
 * Refuses requests that a browser sends for another site (Origin), and, on a loopback address, such that name
 * another host than `localhost`, an address, or the name that the server was given. An address cannot be rebound.
 * Sites that are `allowed` by their origin, or by *, pass.
 */
export function refuseOtherSites(boundTo: string, allowed: readonly string[] = []): MiddlewareHandler {
  return async (c, next) => {
    const host = c.req.header("host") ?? "";
    const name = hostOf(host)?.hostname ?? "";
    const isKnown = name === "localhost" || name === boundTo.toLowerCase() || isIP(bare(name)) !== 0;
    if (!isKnown && isLoopback(boundTo)) throw refused("Host", host);
    const origin = c.req.header("origin");
    const isOwn = origin === undefined || originHost(origin) === hostOf(host)?.host;
    if (!isOwn && !allowed.includes("*") && !allowed.includes(origin)) throw refused("Origin", origin);
    await next();
  };
}

/** Whether only this machine can reach a server that is bound to the host. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || bare(host) === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

const bare = (host: string) => host.replace(/^\[|\]$/g, "");

function hostOf(host: string): URL | undefined {
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
}

function originHost(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function refused(header: string, value: string): ApiError {
  return new ApiError(
    403,
    "a request for another site is refused",
    `${header}: ${value.slice(0, 80)}`,
    "use the address that the server printed, or start it with --allow-origin or an API key",
    { code: "cross_site" },
  );
}
