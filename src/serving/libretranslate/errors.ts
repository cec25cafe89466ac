/** Errors as LibreTranslate reports them: `{ error }`, by its statuses and in its words where it has some. */
import { ApiError, type ApiErrorDetails } from "../http/api-error.js";

/** A refusal that LibreTranslate knows. */
export class LibreTranslateError extends ApiError {
  constructor(
    status: number,
    /** Its own, which programs compare. */
    readonly words: string,
    details?: ApiErrorDetails,
  ) {
    super(status, "the request is refused", words, "change what it names", details);
  }
}

/** The JSON of any error. */
export function errorBody(error: ApiError): { error: string } {
  if (error instanceof LibreTranslateError) return { error: error.words };
  const { message } = error.body.error;
  if (error.status === 429) return { error: `Slowdown: ${message}` };
  return { error: error.status < 500 ? message : `Cannot translate text: ${message}` };
}
