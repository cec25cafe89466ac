import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { getHFHubCachePath } from "@huggingface/hub";
import { HubError } from "./errors.js";

/** Where the Hub and its cache are, and who asks. What is left out comes from the environment. */
export interface HubOptions {
  /** Default: HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string;
  /** Default: HF_TOKEN, or the file that `hf auth login` writes; "" for none. */
  readonly token?: string;
  /** Default: HF_HUB_CACHE, HF_HOME/hub, or ~/.cache/huggingface/hub. */
  readonly cacheFolder?: string;
  /** Use the cache only. Default: whether HF_HUB_OFFLINE is set to 1. */
  readonly offline?: boolean;
}

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly cacheFolder: string;
  readonly offline: boolean;
}

/** The options, filled up from the environment as Python's huggingface_hub does. Throws `HubError`. */
export async function hubSettings(options: HubOptions): Promise<HubSettings> {
  const { HF_ENDPOINT, HF_HUB_OFFLINE = "" } = process.env;
  return {
    endpoint: checkEndpoint(options.endpoint ?? (HF_ENDPOINT || "https://huggingface.co")),
    token: checkToken(options.token ?? (await knownToken())),
    cacheFolder: resolve(options.cacheFolder ?? getHFHubCachePath()),
    offline: options.offline ?? /^(1|on|yes|true)$/i.test(HF_HUB_OFFLINE),
  };
}

async function knownToken(): Promise<string> {
  const { HF_TOKEN, HF_TOKEN_PATH, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_TOKEN?.trim()) return HF_TOKEN;
  const home = HF_HOME ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "huggingface");
  try {
    return await readFile(HF_TOKEN_PATH ?? join(home, "token"), "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return "";
    throw error;
  }
}

function checkEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash) return url.href.replace(/\/+$/, "");
  throw new HubError(
    "the address of the Hub is not a web address",
    JSON.stringify(text),
    "set HF_ENDPOINT to an address such as https://huggingface.co, or unset it",
  );
}

/** The token is never shown: a message may end in a log. */
function checkToken(text: string): string | undefined {
  const token = text.trim();
  if (/^[\x21-\x7e]*$/.test(token)) return token || undefined;
  throw new HubError(
    "the token for the Hub has characters that no token has",
    `${token.length} characters, some of them spaces, line breaks or outside of ASCII`,
    "copy it again from https://huggingface.co/settings/tokens into HF_TOKEN",
  );
}
