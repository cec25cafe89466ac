/** Errors as OpenAI's API reports them, which its clients turn into typed exceptions by their status. */
import type { AutodidactError } from "../../core/errors.js";
import { RequestError } from "../engine/engine.js";
import { ServingError } from "../errors.js";

export interface ApiErrorDetails {
  /** The field of the request that is wrong, such as `messages[0].content`. */
  readonly param?: string;
  /** A name that programs can compare. */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a client is told: an HTTP status, and the three parts of an error in one line. */
export class ApiError extends ServingError {
  constructor(
    readonly status: number,
    what: string,
    values: string,
    advice: string,
    readonly details: ApiErrorDetails = {},
  ) {
    super(what, values, advice);
  }

  /** The JSON that is sent: `{ error: { message, type, param, code } }`. */
  get body() {
    const { param = null, code = null } = this.details;
    const message = `${sentence(this.what)} Found: ${ended(this.values)} ${sentence(this.advice)}`;
    return { error: { message, type: errorType(this.status), param, code } };
  }
}

const ended = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

const sentence = (text: string) => ended(text.charAt(0).toUpperCase() + text.slice(1));

function errorType(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** A request that is wrong, in the field `param`, for a reason that another room of the house gave. */
export function badField(error: AutodidactError, param?: string): ApiError {
  return new ApiError(400, error.what, error.values, error.advice, { param });
}

/**
 * The error to answer with, whatever was thrown. What was not thrown for clients is told to `onFault`, and shows
 * them none of itself.
 */
export function answerFor(error: unknown, onFault: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RequestError) return badField(error);
  onFault(error);
  if (error instanceof ServingError) return unavailable(error.what);
  return new ApiError(
    500,
    "the server failed to answer",
    "an internal error",
    "try again; the server's own log says more",
    { code: "internal_error" },
  );
}

/** The engine failed. Its own words about how may hold what is nobody's business, such as paths. */
function unavailable(what: string): ApiError {
  return new ApiError(503, what, "no answer from the model", "try again; the server's own log says more", {
    code: "engine_failed",
  });
}

/** The server is ending. */
export function shuttingDown(): ApiError {
  return new ApiError(503, "the server is shutting down", "no new work is taken", "try again later", {
    code: "shutting_down",
    headers: { connection: "close" },
  });
}
