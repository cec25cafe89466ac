/** An HTTP server for one model, whatever it does. */
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import { ServingError } from "../errors.js";
import { ApiError, answerFor } from "./api-error.js";
import { createApp, respondWith } from "./app.js";
import { type ApiKey, Keyring } from "./keyring.js";
import { Admission, type Limits } from "./limits.js";
import type { Served } from "./served.js";

/** To whom a model is served, and where. */
export interface HostOptions {
  /** Where to listen (default 127.0.0.1: this machine alone). */
  readonly host?: string;
  /** 0: a free one. */
  readonly port: number;
  /**
   * What clients must send as a bearer token: one key, or any of several, each with limits of its own; absent: nothing.
   * /healthz, /health and the page are open without it.
   */
  readonly apiKey?: string | readonly ApiKey[];
  readonly limits: Limits;
  /** Origins, such as http://localhost:3000, whose pages may ask and read the answers (CORS); "*": all. Default: none. */
  readonly allowOrigins?: readonly string[];
  /** Seconds since 1970; default now. */
  readonly created?: number;
  /** Told of errors that are the server's own (default: written to standard error). */
  readonly onFault?: (error: unknown) => void;
}

/** A server that listens. */
export interface RunningServer {
  /** Such as http://127.0.0.1:8080, without a slash at the end. */
  readonly url: string;
  /**
   * Takes no new work, lets what runs finish for at most `graceMs` milliseconds, then breaks it off, which its
   * clients are told. The engine stays open.
   */
  close(graceMs?: number): Promise<void>;
}

/** Serves over HTTP. Throws `ServingError` when the address cannot be listened on, and as `Keyring` does. */
export async function startHost(served: Served, options: HostOptions): Promise<RunningServer> {
  const { host: address = "127.0.0.1", port, apiKey, limits, allowOrigins } = options;
  const { created = Math.floor(Date.now() / 1000), onFault = (error) => console.error(error) } = options;
  const admission = new Admission(limits);
  let isClosing = false;
  const host = { limits, admission, keys: keyringOf(apiKey), onFault };
  const app = createApp(served, host, { address, created, allowOrigins, isClosing: () => isClosing });
  const listener = getRequestListener(app.fetch, {
    hostname: "localhost", // for requests of HTTP/1.0, which may name no host
    overrideGlobalObjects: false,
    errorHandler: (error) => respondWith(refusal(error, onFault)),
  });
  const server = createServer({ requireHostHeader: false }, listener);
  server.on("checkExpectation", (_, response: ServerResponse) => writeRaw(response, unknownExpectation()));
  server.on("clientError", answerGarbage);
  await listen(server, address, port);
  const name = address.includes(":") ? `[${address}]` : address;
  return {
    url: `http://${name}:${(server.address() as AddressInfo).port}`,
    close(graceMs = 10_000) {
      isClosing = true;
      return finish(server, admission, graceMs);
    },
  };
}

/** None where there is no key. */
export function keyringOf(apiKey: HostOptions["apiKey"]): Keyring | undefined {
  if (apiKey === undefined) return undefined;
  return new Keyring(typeof apiKey === "string" ? [{ key: apiKey }] : apiKey);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new ServingError(
      "the server cannot listen on its address",
      `${host} port ${port}: ${(cause as Error).message}`,
      "choose another --port (0 for any free one), or a --host of this machine",
      { cause },
    );
  }
}

/** How long the last words of what is broken off may take to be sent. */
const lastWordsMs = 500;

async function finish(server: Server, admission: Admission, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections that end their request from now on would otherwise wait for another.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const breakOff = setTimeout(() => admission.abort(), graceMs);
  const hangUp = setTimeout(() => server.closeAllConnections(), graceMs + lastWordsMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(breakOff);
  clearTimeout(hangUp);
}

function refusal(error: unknown, onFault: (error: unknown) => void): ApiError {
  if (!(error instanceof RequestError)) return answerFor(error, onFault);
  return new ApiError(400, "the request is no valid HTTP", error.message, "correct its address and Host");
}

function unknownExpectation(): ApiError {
  return new ApiError(417, "the Expect header is unknown", "not 100-continue", "leave it out");
}

const garbage: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Bytes that Node's parser takes for no request never reach the routes. */
function answerGarbage(cause: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || cause.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = garbage[cause.code ?? ""] ?? 400;
  const { body } = new ApiError(status, "the request is no valid HTTP", cause.message, "send a valid one");
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}

function writeRaw(response: ServerResponse, { status, body }: ApiError): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
