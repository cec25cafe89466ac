/** LibreTranslate's API: what its clients send, and what they are answered. */
import { describe, expect, it } from "vitest";
import { RequestError } from "../../src/serving/engine/engine.js";
import { ScriptedTranslator, serveTranslator } from "./scripted-translator.js";
import { post, until } from "./start.js";

const english = "A man is walking his dog along the river this morning.";
const german = "Ein Hund läuft über die Wiese und sucht seinen Ball.";

async function start(change: Parameters<typeof serveTranslator>[1] = {}) {
  const translator = new ScriptedTranslator();
  const { url } = await serveTranslator(translator, { onFault: () => {}, ...change });
  const answered = async (response: Response) => ({
    status: response.status,
    body: (await response.json()) as unknown,
  });
  return {
    translator,
    url,
    get: async (path: string) => answered(await fetch(url + path)),
    ask: async (body: unknown, path = "/translate", init?: RequestInit) =>
      answered(await post(url + path, body, init)),
    form: async (body: FormData | URLSearchParams, path = "/translate") =>
      answered(await fetch(url + path, { method: "POST", body })),
  };
}

const pair = { source: "en", target: "de" };
const ok = (body: object) => ({ status: 200, body });
const refused = (error: unknown, status = 400) => ({ status, body: { error } });

describe("a translator says", () => {
  it("which languages it has, that it lives, and what a program of its own needs to know", async () => {
    const { translator, get } = await start();
    expect(await get("/languages")).toEqual(ok(translator.languages));
    for (const path of ["/health", "/healthz"]) expect(await get(path)).toEqual(ok({ status: "ok" }));
    expect(await get("/frontend/settings")).toMatchObject(
      ok({
        ...{ charLimit: -1, keyRequired: false, suggestions: false, filesTranslation: false },
        language: { source: { code: "auto" }, target: { code: "de", name: "German" } },
      }),
    );
  });

  it("in which language a text is", async () => {
    const { ask, form } = await start();
    const [first] = (await ask({ q: german }, "/detect")).body as { language: string; confidence: number }[];
    expect(first.language).toBe("de");
    expect(first.confidence).toBeGreaterThan(90);
    expect((await form(new URLSearchParams({ q: german }), "/detect")).body).toEqual([first]);
    expect(await ask({ q: "123" }, "/detect")).toEqual(ok([{ language: "en", confidence: 0 }]));
  });
});

describe("a text is translated", () => {
  it("and a list of texts into a list, in one batch", async () => {
    const { translator, ask } = await start();
    expect(await ask({ q: "a dog", ...pair })).toEqual(ok({ translatedText: "de: a dog" }));
    expect(await ask({ q: ["a", "b"], ...pair })).toEqual(ok({ translatedText: ["de: a", "de: b"] }));
    expect(await ask({ q: ["a"], ...pair })).toEqual(ok({ translatedText: ["de: a"] }));
    expect(translator.seen[1]).toEqual({ texts: ["a", "b"], ...pair, alternatives: 0 });
  });

  it("that comes as a form, of either sort", async () => {
    const { form } = await start();
    const fields = { q: "über\r\nalles", ...pair, api_key: "" };
    expect(await form(new URLSearchParams(fields))).toEqual(ok({ translatedText: "de: über\nalles" }));
    const parts = new FormData();
    for (const [name, value] of Object.entries(fields)) parts.append(name, value);
    expect(await form(parts)).toEqual(ok({ translatedText: "de: über\nalles" }));
    parts.append("q", "b");
    expect(await form(parts)).toMatchObject(ok({ translatedText: ["de: über\nalles", "de: b"] }));
  });

  it("from the language that it is found to be in", async () => {
    const { ask } = await start();
    const auto = { source: "auto", target: "de" };
    const detectedLanguage = expect.objectContaining({ language: "en" });
    expect(await ask({ q: english, ...auto })).toEqual(
      ok({ translatedText: `de: ${english}`, detectedLanguage }),
    );
    const list = (await ask({ q: [english, "dog"], ...auto })).body;
    expect(list).toMatchObject({ detectedLanguage: [detectedLanguage, detectedLanguage] });
    expect(await ask({ q: "123", ...auto })).toEqual(
      ok({ translatedText: "123", detectedLanguage: { language: "en", confidence: 0 } }),
    );
  });

  it("with alternatives, as many as are asked for", async () => {
    const { ask } = await start();
    expect(await ask({ q: "a", ...pair, alternatives: 2 })).toEqual(
      ok({ translatedText: "de: a", alternatives: ["de0: a", "de1: a"] }),
    );
    expect(await ask({ q: ["a", "7"], ...pair, alternatives: 1 })).toEqual(
      ok({ translatedText: ["de: a", "7"], alternatives: [["de0: a"], []] }),
    );
    expect(await ask({ q: "a", ...pair, alternatives: -1 })).toEqual(ok({ translatedText: "de: a" }));
  });

  it("between the tags of HTML", async () => {
    const { translator, ask } = await start();
    const q = '<p title="a">One &amp; <b>two</b></p><script>x</script> 3';
    expect(await ask({ q, ...pair, format: "html", alternatives: 1 })).toEqual(
      ok({
        translatedText: '<p title="a">de: One &amp; <b>two</b></p><script>x</script> 3',
        alternatives: [],
      }),
    );
    expect(translator.seen[0].texts).toEqual(["One & <x0>two</x0>"]);
    const auto = await ask({ q: `<p>${german}</p>`, source: "auto", target: "en", format: "html" });
    expect(auto.body).toMatchObject({ detectedLanguage: { language: "de" } });
  });

  it("between all tags of a sentence of HTML where it would not keep them", async () => {
    const { translator, ask } = await start();
    const kept = translator.translate.bind(translator);
    translator.translate = async (asked, signal) => {
      const flags = (text: string) => (text.includes("<x") ? [{ kind: "lost", found: "<x0>" } as const] : []);
      return (await kept(asked, signal)).map((one, i) => ({ ...one, flags: flags(asked.texts[i]) }));
    };
    const q = "<p>One <b>two</b>, <i> </i>3</p><p>four</p>";
    expect(await ask({ q, ...pair, format: "html" })).toEqual(
      ok({ translatedText: "<p>de: One <b>de: two</b>, <i> </i>3</p><p>de: four</p>" }),
    );
    expect(translator.seen.map(({ texts }) => texts)).toEqual([
      ["One <x0>two</x0>, <x2> </x2>3", "four"],
      ["One", "two"],
    ]);
  });

  it("not at all where it is in that language, or says nothing in any", async () => {
    const { translator, ask } = await start();
    expect(await ask({ q: "Hund", source: "de", target: "de" })).toEqual(ok({ translatedText: "Hund" }));
    expect(await ask({ q: ["", " 1,5 % ", "🙂"], ...pair })).toEqual(
      ok({ translatedText: ["", " 1,5 % ", "🙂"] }),
    );
    expect(translator.seen).toEqual([]);
  });

  it("from and into languages by the tags of others", async () => {
    const { ask } = await start();
    expect(await ask({ q: "a", source: "en-GB", target: "de_AT" })).toEqual(ok({ translatedText: "de: a" }));
  });

  it("with what a person should look at", async () => {
    const { translator, ask } = await start();
    translator.flags = [{ kind: "lost", found: "%s" }];
    const { flags } = translator;
    expect(await ask({ q: "a", ...pair })).toEqual(ok({ translatedText: "de: a", flags }));
    expect(await ask({ q: ["a", "7"], ...pair })).toMatchObject(ok({ flags: [flags, []] }));
  });
});

describe("is refused in LibreTranslate's words", () => {
  it.each([
    [{ ...pair }, "Invalid request: missing q parameter"],
    [{ q: "", ...pair }, "Invalid request: missing q parameter"],
    [{ q: [], ...pair }, "Invalid request: missing q parameter"],
    [{ q: 5, ...pair }, "Invalid request: q parameter is not text"],
    [{ q: ["a", null], ...pair }, "Invalid request: q parameter is not text"],
    [{ q: "a", target: "de" }, "Invalid request: missing source parameter"],
    [{ q: "a", source: "en" }, "Invalid request: missing target parameter"],
    [{ q: "a", source: "zz", target: "de" }, "zz is not supported"],
    [{ q: "a", source: "en", target: "zz" }, "zz is not supported"],
    [
      { q: "a", source: "de", target: "fr" },
      "French (fr) is not available as a target language from German (de)",
    ],
    [{ q: "a", ...pair, format: "pdf" }, "pdf format is not supported"],
    [{ q: "a", ...pair, alternatives: "x" }, "Invalid request: alternatives parameter is not a number"],
    [{ q: "a", ...pair, alternatives: 11 }, "Invalid request: alternatives parameter must be <= 10"],
    [["a"], expect.stringContaining("Invalid JSON format")],
    ["{", expect.stringMatching(/not valid JSON/)],
  ])("%j", async (body, error) => {
    const { ask } = await start();
    expect(await ask(body)).toEqual(refused(error));
  });

  it("a body that is too large, of a strange type, or sent by a wrong method", async () => {
    const { ask, get } = await start();
    expect(await ask({ q: "a".repeat(20_001), ...pair })).toEqual(
      refused(expect.stringMatching(/20000/), 413),
    );
    expect(await ask("q=a", "/translate", { headers: { "content-type": "text/plain" } })).toEqual(
      refused(expect.stringMatching(/text\/plain/), 415),
    );
    expect(await get("/translate")).toEqual(refused(expect.stringMatching(/POST/), 405));
  });

  it("a form of more fields than anyone has", async () => {
    const { form } = await start();
    const fields = Array.from({ length: 101 }, (_, i) => [`${i}`, "x"]);
    expect(await form(new URLSearchParams(fields))).toEqual(refused(expect.stringMatching(/100 parts/)));
  });

  it("another site's page, where there is no key", async () => {
    const { ask } = await start();
    const headers = { origin: "http://evil.example" };
    expect(await ask({ q: "a", ...pair }, "/translate", { headers })).toEqual(
      refused(expect.stringMatching(/another site/), 403),
    );
  });

  it("what the model cannot do, and its failure, of which nothing is told", async () => {
    const { translator, ask } = await start();
    translator.failure = new RequestError("the text is too long", "9 sentences", "send fewer");
    expect(await ask({ q: "a", ...pair })).toEqual(refused(expect.stringMatching(/9 sentences/)));
    translator.failure = new Error("secret");
    const { status, body } = await ask({ q: "a", ...pair });
    expect([status, body]).toEqual([
      500,
      { error: expect.stringMatching(/^Cannot translate text: (?!.*secret)/) },
    ]);
  });

  it("more than the server takes at once", async () => {
    const { translator, ask } = await start();
    translator.hold();
    const first = [ask({ q: "a", ...pair }), ask({ q: "b", ...pair })];
    await until(() => translator.seen.length === 1);
    expect(await ask({ q: "c", ...pair })).toEqual(refused(expect.stringMatching(/^Slowdown: .*busy/), 429));
    translator.release();
    for (const answer of first) expect((await answer).status).toBe(200);
  });
});

describe("with a key", () => {
  const body = { q: "a", ...pair };

  it("is answered who sends it, in the body or as a bearer token", async () => {
    const { ask, form } = await start({ apiKey: "secret" });
    expect((await ask({ ...body, api_key: "secret" })).status).toBe(200);
    expect((await form(new URLSearchParams({ ...body, api_key: "secret" }))).status).toBe(200);
    const headers = { authorization: "Bearer secret" };
    expect((await ask(body, "/translate", { headers })).status).toBe(200);
    expect((await ask({ ...body, api_key: null }, "/detect", { headers })).status).toBe(200);
  });

  it("others are refused, but may ask what there is", async () => {
    const { translator, ask, get } = await start({ apiKey: "secret" });
    const contact = "Please contact the server operator to get an API key";
    for (const path of ["/translate", "/detect"]) {
      expect(await ask(body, path)).toEqual(refused(contact));
      expect(await ask({ ...body, api_key: "Secret" }, path)).toEqual(refused("Invalid API key", 403));
    }
    expect((await get("/languages")).status).toBe(200);
    expect(await get("/frontend/settings")).toMatchObject(ok({ keyRequired: true, apiKeys: true }));
    expect(translator.seen).toEqual([]);
  });
});
