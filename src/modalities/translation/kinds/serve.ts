/** Translators over HTTP, as LibreTranslate answers. */
import { directionsOf, languagesOf } from "../../../features/tokenizer/translation-tokens.js";
import { detectLanguage } from "../../../features/translation/detect-language.js";
import type { Served } from "../../../serving/http/served.js";
import { translationRoutes } from "../../../serving/libretranslate/routes.js";
import type { Flag, ServedLanguage, Translated } from "../../../serving/libretranslate/translator.js";
import { pageNamed } from "../../../serving/page/page.js";
import type { Named, Output, ServeRequest } from "../../modality.js";
import { serveUses } from "../../thread/serve-uses.js";
import type { MessageFlag, TranslatedMessage } from "./messages.js";
import type { Saved } from "./saved.js";

/** LibreTranslate's routes, and the page. */
export function serveTranslating(named: Named<Saved>, request: ServeRequest): Promise<Served> {
  const { name } = request;
  return serveUses(named, request, ({ tokenizer }, uses) => {
    const directions = directionsOf(tokenizer);
    const codes = [...new Set([...directions.flat(), ...languagesOf(tokenizer)])];
    const routes = translationRoutes({
      name,
      languages: codes.map((code) => languageOf(code, directions)),
      detect: (text) => detectLanguage(text, codes),
      async translate({ texts, source: from, target: to, alternatives }, signal) {
        const inputs = texts.map((text) => ({ name: "", bytes: new TextEncoder().encode(text) }));
        const outputs = await uses.run("translate", { options: { from, to }, inputs }, signal);
        return translatedOf(outputs, alternatives);
      },
    });
    const [from, to = from] = directions[0] ?? codes;
    return {
      routes,
      page: pageNamed("translation"),
      details: `translates ${codes.join(", ")}`,
      facts: { languages: codes },
      example: { path: "/translate", body: { q: "Good morning.", source: from, target: to } },
    };
  });
}

const names = new Intl.DisplayNames("en", { type: "language" });

function languageOf(code: string, directions: ReturnType<typeof directionsOf>): ServedLanguage {
  const targets = directions.filter(([from]) => from === code).map(([, to]) => to);
  return { code, name: names.of(code) ?? code, targets };
}

function translatedOf(outputs: readonly Output[], alternatives: number): Translated[] {
  const [{ figures }] = outputs as unknown as readonly Figures[];
  return figures.translations.map(({ source, target = source, flags, alternatives: others }) => ({
    text: target,
    alternatives: others.slice(0, alternatives),
    flags: flags.flatMap(flagOf),
  }));
}

interface Figures {
  readonly figures: { readonly translations: readonly TranslatedMessage[] };
}

/** As clients are told of it. */
function flagOf({ kind, found }: MessageFlag): Flag[] {
  switch (kind) {
    case "loop":
      return [{ kind: "repetition" }];
    case "lost":
    case "doubled":
    case "added":
    case "reordered":
      return [{ kind, found }];
    default:
      return [];
  }
}
