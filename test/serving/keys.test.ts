/** Keys and their limits. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI, { AuthenticationError, RateLimitError } from "openai";
import { describe, expect, it } from "vitest";
import { readKeys } from "../../src/cli/api-keys.js";
import { ServingError } from "../../src/serving/errors.js";
import { type ApiKey, Keyring } from "../../src/serving/http/keyring.js";
import { temporaryFolder } from "../temporary-folder.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { start } from "./start.js";

describe("a key", () => {
  it("asks so many times in any minute", () => {
    let now = 0;
    const holder = new Keyring([{ key: "a", requestsPerMinute: 2 }], () => now).find("a")!;
    const refused = () => {
      try {
        holder.enter()();
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(refused()).toBeUndefined();
    now = 20_000;
    expect(refused()).toBeUndefined();
    now = 30_500;
    expect(refused()).toMatchObject({
      ...{ status: 429, values: "2 in the last 60 seconds" },
      details: { code: "rate_limit_exceeded", headers: { "retry-after": "30" } },
    });
    now = 60_000;
    expect([refused(), refused()]).toEqual([undefined, expect.objectContaining({ status: 429 })]);
  });

  it("has so many requests at once, streams to their end, whatever others have", async () => {
    const engine = new ScriptedEngine();
    const keys = [{ key: "few", maxConcurrent: 1 }, { key: "many" }];
    const { url } = await start(engine, { apiKey: keys });
    const client = (apiKey: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const ask = (apiKey: string) =>
      client(apiKey).completions.create({ model: "tiny", prompt: "a", max_tokens: 3, stream: true });
    engine.hold();
    const running = await ask("few");
    const refused = await ask("few").catch((error) => error);
    expect(refused).toBeInstanceOf(RateLimitError);
    expect(refused).toMatchObject({ code: "rate_limit_exceeded", message: expect.stringMatching(/at once/) });
    expect(refused.headers.get("retry-after")).toBe("1");
    await client("few").models.list(); // what computes nothing is not counted
    const other = await ask("many");
    engine.release();
    for (const stream of [running, other]) for await (const _ of stream);
    // Its place is free once the connection knows that all has been sent.
    let again: Awaited<ReturnType<typeof ask>> | undefined;
    while (!again) again = await ask("few").catch(() => undefined);
    for await (const { choices } of again) expect(choices[0].text).not.toBe(undefined);
    await expect(ask("none")).rejects.toThrow(AuthenticationError);
  });
});

it.each<[string, ApiKey[], RegExp]>([
  ["no keys", [], /no API key.*\n.*empty list/],
  ["an empty key", [{ key: "a" }, { key: "" }], /key 2 of 2 is empty/],
  ["no requests", [{ key: "a", requestsPerMinute: 0 }], /key 1 of 1: requestsPerMinute 0/],
  ["half a request at once", [{ key: "a", maxConcurrent: 0.5 }], /maxConcurrent 0.5/],
  ["what is no number", [{ key: "a", maxConcurrent: Number.NaN }], /maxConcurrent NaN/],
])("%s are refused before a server starts", async (_, apiKey, message) => {
  const starting = start(new ScriptedEngine(), { apiKey });
  await expect(starting).rejects.toThrow(ServingError);
  await expect(starting).rejects.toThrow(message);
});

describe("a file of keys", () => {
  const place = temporaryFolder();
  const read = (text: string) => {
    writeFileSync(join(place, "keys"), text);
    return readKeys(join(place, "keys"));
  };

  it("has one a line, with limits", () => {
    expect(read("secret\n")).toEqual([{ key: "secret" }]);
    const text = "# ours\nfirst concurrent=2\r\n\nsecond requests-per-minute=60 concurrent=4\n";
    expect(read(text)).toEqual([
      { key: "first", maxConcurrent: 2 },
      { key: "second", requestsPerMinute: 60, maxConcurrent: 4 },
    ]);
  });

  it.each([
    ["a concurrent=0", /limit of an API key is wrong[\s\S]*line 1: concurrent=0/],
    ["a\nb speed=1", /line 2: speed=1/],
    ["a constructor=1", /constructor=1/],
    ["é", /empty or has characters/],
    ["# nothing", /empty or has characters/],
    ["a\na", /listed twice/],
  ])("%j is refused", (text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
