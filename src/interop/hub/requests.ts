import { HubError, HubUnreachableError } from "./errors.js";
import type { ModelName } from "./name.js";
import type { HubSettings } from "./settings.js";

/**
 * `fetch` for one model of the Hub. The token goes to the Hub's own address only: downloads are redirected to
 * other hosts, and a listing may name any address as its next page. Every refusal is thrown as a `HubError`.
 */
export function hubFetch(settings: HubSettings, name: ModelName, signal?: AbortSignal): typeof fetch {
  const { origin } = new URL(settings.endpoint);
  return async (input, init) => {
    const url = new URL(String(input));
    const headers = new Headers(init?.headers);
    if (settings.token && url.origin === origin) headers.set("authorization", `Bearer ${settings.token}`);
    const response = await fetch(url, { ...init, headers, signal }).catch((cause) => {
      signal?.throwIfAborted();
      throw noAnswer(url, cause);
    });
    if (response.ok) return response;
    await response.body?.cancel();
    throw refusal(response, settings, name);
  };
}

function noAnswer(url: URL, cause: Error & { cause?: NodeJS.ErrnoException }): HubUnreachableError {
  const reason = cause.cause?.code ?? cause.cause?.message ?? cause.message;
  return new HubUnreachableError(
    "the Hugging Face Hub cannot be reached",
    `${url.origin}: ${reason}`,
    "check the network and run again. Without one, fetch the model on another machine and give its folder; " +
      "where the Hub is blocked, set HF_ENDPOINT to a mirror that you trust",
    { cause },
  );
}

/** What a status and the Hub's `X-Error-Code` mean. [huggingface_hub, hf_raise_for_status] */
function refusal(response: Response, settings: HubSettings, name: ModelName): HubError {
  const { status, headers } = response;
  const code = headers.get("x-error-code");
  const found = `${new URL(response.url).origin} answers ${[status, code].filter(Boolean).join(" ")}`;
  const values = `${name.repository}@${name.revision}: ${found}`;
  const isHub = new URL(response.url).origin === new URL(settings.endpoint).origin;
  if (status >= 500) return new HubUnreachableError("the Hub is in trouble", values, "try again later");
  if (status === 429) return tooMany(values, headers);
  if (code === "GatedRepo") return gated(values, settings, name);
  if (code === "RevisionNotFound") return noRevision(values, settings, name);
  if (code === "EntryNotFound" || !isHub || status === 416) return noFile(values);
  if (headers.get("x-error-message")?.startsWith("Invalid credentials")) return wrongToken(values);
  if (code === "RepoNotFound" || status === 401 || status === 404) return noModel(values, settings, name);
  if (status === 403) return forbidden(values, headers);
  return new HubError("the Hub refuses", values, "check the model's page and the address of the Hub");
}

function tooMany(values: string, headers: Headers): HubError {
  const wait = headers.get("retry-after");
  return new HubError(
    "the Hub has had too many requests from here",
    `${values}${wait ? `, Retry-After ${wait}` : ""}`,
    "wait and run again: what has been fetched is kept. With a token in HF_TOKEN more is allowed",
  );
}

function gated(values: string, { endpoint, token }: HubSettings, { repository }: ModelName): HubError {
  return new HubError(
    "the model is gated: its owner wants its terms accepted first",
    `${values}, ${token ? "with the token" : "without a token"}`,
    `accept the terms at ${endpoint}/${repository}, then set HF_TOKEN to a token of that account`,
  );
}

function noRevision(values: string, { endpoint }: HubSettings, { repository }: ModelName): HubError {
  return new HubError(
    "the model has no such revision",
    values,
    `branches and tags are listed at ${endpoint}/${repository}/tree/main; without a revision it is main`,
  );
}

function noFile(values: string): HubError {
  return new HubError(
    "a file that the Hub lists cannot be fetched",
    values,
    "run again: the model may have changed in between. If that does not help, tell the model's owner",
  );
}

function wrongToken(values: string): HubError {
  return new HubError(
    "the Hub does not know the token",
    values,
    "make a token at https://huggingface.co/settings/tokens and set HF_TOKEN to it, or unset HF_TOKEN",
  );
}

/** To one who has no token the Hub says the same of private models and of those that do not exist. */
function noModel(values: string, { token }: HubSettings, { repository }: ModelName): HubError {
  return new HubError(
    "there is no such folder, and no such model on the Hugging Face Hub",
    values,
    `check the spelling of ${repository}. ${
      token ? "A private model needs a token of an account that may see it" : "A private model needs a token"
    } in HF_TOKEN`,
  );
}

function forbidden(values: string, headers: Headers): HubError {
  const message = headers.get("x-error-message");
  return new HubError(
    "the token does not allow this",
    message ? `${values}: ${message.slice(0, 200)}` : values,
    "give the token the right to read this repository, at https://huggingface.co/settings/tokens",
  );
}
