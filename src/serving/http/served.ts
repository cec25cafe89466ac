/** What a server serves: the routes of one model, whatever it does. */
import type { Context, Hono } from "hono";
import type { Registry } from "prom-client";
import type { ApiError } from "./api-error.js";
import type { Keyring } from "./keyring.js";
import type { Admission, Limits } from "./limits.js";

/** What every route of one server shares. */
export interface Host {
  readonly limits: Limits;
  readonly admission: Admission;
  /** What clients must send one of as a bearer token; absent: nothing. */
  readonly keys?: Keyring;
  /** Told of errors that are the server's own. */
  readonly onFault: (error: unknown) => void;
}

/** An address that a model answers at. Below /v1/ the server asks for its key, elsewhere the route itself. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Answers a request; what it throws is answered with. */
  handle(c: Context, host: Host): Promise<Response>;
  /** The JSON of an error; default: as OpenAI's API has it. */
  errorBody?(error: ApiError): object;
}

/** A model as a server has it. */
export interface Served {
  /** Names that clients give as `model`: the first is the model itself. */
  readonly models: readonly string[];
  readonly routes: readonly Route[];
  /** For people with a browser; open without a key, as it asks for the key itself. */
  readonly page?: Hono;
  /** Adds to what /metrics shows. */
  watch?(registry: Registry, admission: Admission): void;
  /** Whether it can no longer answer. */
  hasFailed(): Promise<boolean>;
  /** What it is, for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What it is, in a few words. */
  readonly description: string;
  /** A request to try: JSON, or the fields of a form, of which `@` names a file. */
  readonly example: { readonly path: string } & (
    | { readonly body: object }
    | { readonly form: Readonly<Record<string, string>> }
  );
  /** Most bytes of a request where nobody says otherwise; default: what is plenty for JSON. */
  readonly bodyBytes?: number;
  /** Ends what runs for it. */
  close(): Promise<void>;
}
