/** Pages of other sites, which browsers keep from answers unless the server allows them (CORS). */
import { describe, expect, it } from "vitest";
import { ScriptedEngine } from "./scripted-engine.js";
import { post, start } from "./start.js";

const site = "http://localhost:3000";
const ask = { model: "tiny", messages: [{ role: "user", content: "Hi" }], max_tokens: 1 };
const allowed = (response: Response) => response.headers.get("access-control-allow-origin");

/** What a browser asks before it sends another site's JSON with a key. */
const preflight = (url: string, origin: string) =>
  fetch(`${url}/v1/chat/completions`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });

describe.each([
  ["with a key", "secret"],
  ["without a key", undefined],
])("%s", (_, apiKey) => {
  const headers = (origin: string) => ({ origin, ...(apiKey && { authorization: `Bearer ${apiKey}` }) });
  const serve = (allowOrigins?: string[]) => start(new ScriptedEngine(), { apiKey, allowOrigins });

  it("a site that is allowed is asked for before, answered, and told of errors", async () => {
    const { url } = await serve([site]);
    const before = await preflight(url, site);
    expect(before.status).toBe(204);
    expect(allowed(before)).toBe(site);
    expect(before.headers.get("access-control-allow-headers")).toBe("authorization,content-type");
    expect(before.headers.get("access-control-allow-methods")).toContain("POST");
    const answer = await post(`${url}/v1/chat/completions`, ask, { headers: headers(site) });
    expect([answer.status, allowed(answer)]).toEqual([200, site]);
    const wrong = await post(`${url}/v1/chat/completions`, { ...ask, n: 0 }, { headers: headers(site) });
    expect([wrong.status, allowed(wrong)]).toEqual([400, site]);
  });

  it("another site cannot read the answers", async () => {
    const { url } = await serve([site]);
    const other = "http://evil.example";
    expect(allowed(await preflight(url, other))).toBeNull();
    const answer = await post(`${url}/v1/chat/completions`, ask, { headers: headers(other) });
    expect([answer.status, allowed(answer)]).toEqual([apiKey ? 200 : 403, null]);
  });

  it("all sites can, by *", async () => {
    const { url } = await serve(["*"]);
    const answer = await post(`${url}/v1/chat/completions`, ask, { headers: headers("http://any.example") });
    expect([answer.status, allowed(answer)]).toEqual([200, "*"]);
  });

  it("and none where nothing is said", async () => {
    const { url } = await serve();
    expect(allowed(await preflight(url, site))).toBeNull();
    expect(allowed(await post(`${url}/v1/chat/completions`, ask, { headers: headers(site) }))).toBeNull();
  });
});
