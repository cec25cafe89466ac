/** LibreTranslate's API: what its clients need to translate, as its own app.py answers. */
import type { Context } from "hono";
import { partsAtMarks } from "../../features/localisation/html-blocks.js";
import type { Host, Route } from "../http/served.js";
import { errorBody, LibreTranslateError } from "./errors.js";
import { type Fields, readFields, textsOf, wishesOf } from "./fields.js";
import { divide, translateAll } from "./translate.js";
import type { ServedLanguage, ServedTranslator } from "./translator.js";

/**
 * The routes of a translator. Those that compute want the server's key where there is one, as a bearer token or as
 * `api_key`. Beside LibreTranslate's answer, translations that a person should look at have `flags`.
 */
export function translationRoutes(translator: ServedTranslator): Route[] {
  const { languages } = translator;
  return [
    route("GET", "/languages", async () => languages),
    route("GET", "/frontend/settings", async (_, host) => settings(languages, host)),
    route("POST", "/detect", async (c, host) => {
      const { texts } = textsOf(await readFields(c, host));
      const found = translator.detect(texts.join("\n"));
      return found.length > 0 ? found : [unknown(languages)];
    }),
    route("POST", "/translate", async (c, host) => translate(translator, await readFields(c, host), c, host)),
  ];
}

function route(
  method: Route["method"],
  path: string,
  answer: (c: Context, host: Host) => Promise<object>,
): Route {
  return { method, path, errorBody, handle: async (c, host) => c.json(await answer(c, host)) };
}

async function translate(
  translator: ServedTranslator,
  fields: Fields,
  c: Context,
  { admission }: Host,
): Promise<object> {
  const { texts, isList } = textsOf(fields);
  const { source: asked, target: into, alternatives, isHtml } = wishesOf(fields);
  const documents = divide(texts, isHtml);
  const between = (text: string) => partsAtMarks(text).filter((_, i) => i % 2 === 0);
  const readable = documents.flatMap(({ texts }) => texts.flatMap(between)).join("\n");
  const [detected = unknown(translator.languages)] = asked === "auto" ? translator.detect(readable) : [];
  const source = languageOf(translator, asked === "auto" ? detected.language : asked);
  const target = languageOf(translator, into);
  requirePair(source, target);
  const request = { source: source.code, target: target.code, alternatives: isHtml ? 0 : alternatives };
  const results = await admission.answer(c.req.raw.signal, (signal) =>
    translateAll(translator, documents, request, signal),
  );
  const shaped = <T>(parts: readonly T[]) => (isList ? parts : parts[0]);
  return {
    translatedText: shaped(results.map(({ text }) => text)),
    ...(asked === "auto" && { detectedLanguage: shaped(results.map(() => detected)) }),
    ...(alternatives > 0 && { alternatives: shaped(results.map((result) => result.alternatives)) }),
    ...(results.some(({ flags }) => flags.length > 0) && {
      flags: shaped(results.map(({ flags }) => flags)),
    }),
  };
}

/** What is said of a text whose language nothing tells, such as a number. */
const unknown = ([first]: readonly ServedLanguage[]) => ({ language: first.code, confidence: 0 });

/** By its code, else by the language of its code alone: who has "zh" is asked for "zh-Hans" as well. */
function languageOf({ languages }: ServedTranslator, asked: string): ServedLanguage {
  const primary = (tag: string) => tag.toLowerCase().split(/[-_]/)[0];
  const found =
    languages.find(({ code }) => code === asked) ??
    languages.find(({ code }) => primary(code) === primary(asked));
  if (found) return found;
  throw new LibreTranslateError(400, `${asked} is not supported`);
}

function requirePair(source: ServedLanguage, target: ServedLanguage): void {
  if (source === target || source.targets.includes(target.code)) return;
  const [from, into] = [source, target].map(({ name, code }) => `${name} (${code})`);
  throw new LibreTranslateError(400, `${into} is not available as a target language from ${from}`);
}

/** What programs with a surface of their own ask for first. */
function settings(languages: readonly ServedLanguage[], { keys }: Host): object {
  const target = languages.find(({ code }) => languages[0].targets.includes(code)) ?? languages[0];
  return {
    charLimit: -1, // none but that of the body
    frontendTimeout: 500, // milliseconds, as LibreTranslate has it
    apiKeys: keys !== undefined,
    keyRequired: keys !== undefined,
    suggestions: false,
    filesTranslation: false,
    supportedFilesFormat: [],
    language: {
      source: { code: "auto", name: "Auto Detect" },
      target: { code: target.code, name: target.name },
    },
  };
}
