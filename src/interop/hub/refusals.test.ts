/** What the Hub refuses, what it must not be trusted with, and what a repository lacks: three-part errors. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FakeHub, type FakeModel, validToken } from "../../../test/fake-hub.js";
import { HubError } from "./errors.js";
import { fetchModel } from "./fetch-model.js";
import type { FetchOptions } from "./from-hub.js";

const good = { "config.json": "{}", "model.safetensors": "weights" };
const lfs = ["model.safetensors"];
const entry = (change: object) => ({
  type: "file",
  oid: "0".repeat(40),
  size: 4,
  path: "config.json",
  ...change,
});
const hostile = (change: object): FakeModel => ({ files: good, moreEntries: [entry(change)] });
const index = (places: unknown) => JSON.stringify({ weight_map: places });

const models: Record<string, FakeModel> = {
  "acme/good": { files: good, lfs },
  "acme/gated": { files: good, lfs, access: "gated" },
  "acme/private": { files: good, lfs, access: "private" },
  "acme/pickle": { files: { "config.json": "{}", "pytorch_model.bin": "a pickle" } },
  "acme/empty": { files: {} },
  "acme/no-config": { files: { "model.safetensors": "weights" } },
  "acme/shardless": {
    files: { "config.json": "{}", "model.safetensors.index.json": index({ a: "x-1.safetensors" }) },
  },
  "acme/bad-index": {
    files: { "config.json": "{}", "model.safetensors.index.json": index({ a: "../../evil.safetensors" }) },
  },
  "acme/no-index": { files: { "config.json": "{}", "model.safetensors.index.json": "{ cut" } },
  "evil/up": hostile({ path: "../evil" }),
  "evil/inside": hostile({ path: "a/../../evil" }),
  "evil/absolute": hostile({ path: "/etc/evil" }),
  "evil/backslash": hostile({ path: "..\\evil" }),
  "evil/drive": hostile({ path: "C:evil" }),
  "evil/nul": hostile({ path: "evil\0.json" }),
  "evil/number": hostile({ path: 7 }),
  "evil/oid": hostile({ oid: "../../../../evil" }),
  "evil/lfs": hostile({ lfs: { oid: "../evil" } }),
  "evil/size": hostile({ size: -1 }),
  "evil/commit": { files: good, commit: "../../../evil" },
};

let hub: FakeHub;
let options: FetchOptions;
const place = mkdtempSync(join(tmpdir(), "autodidact-hub-"));
const cacheFolder = join(place, "deep", "cache");

beforeAll(async () => {
  hub = await FakeHub.start(models);
});
afterAll(async () => {
  await hub.close();
  rmSync(place, { recursive: true });
});
beforeEach(() => {
  hub.outage = undefined;
  hub.takeFetched();
  rmSync(cacheFolder, { recursive: true, force: true });
  options = { endpoint: hub.endpoint, cacheFolder, token: "", offline: false };
});

/** The message in one line. */
async function refused(name: string, change: FetchOptions = {}): Promise<string> {
  const error = await fetchModel(name, { ...options, ...change }).catch((e) => e);
  expect(error).toBeInstanceOf(HubError);
  expect(error.message).toMatch(/^.+\n {2}found: .+\n {2}to do: .+$/);
  return error.message.replaceAll("\n", " ");
}

const everything = () => readdirSync(place, { recursive: true }) as string[];

describe("the Hub refuses", () => {
  it.each<[string, string, string, RegExp]>([
    [
      "a model that is not there",
      "acme/nothing",
      "",
      /no such folder, and no such model.*401.*token in HF_TOKEN/,
    ],
    ["the same with a token", "acme/nothing", validToken, /404 RepoNotFound.*spelling of acme\/nothing/],
    ["a private model without a token", "acme/private", "", /private model needs a token in HF_TOKEN/],
    ["a private model to a stranger", "acme/private", "hf_stranger", /a token of an account that may see it/],
    ["a token that it does not know", "acme/good", "hf_wrong", /does not know the token.*settings\/tokens/],
    [
      "a gated model without a token",
      "acme/gated",
      "",
      /gated.*401 GatedRepo, without a token.*accept the terms/,
    ],
    ["a gated model to a stranger", "acme/gated", "hf_stranger", /gated.*403 GatedRepo, with the token/],
    ["a revision that is not there", "acme/good@v9", "", /no such revision.*acme\/good@v9.*tree\/main/],
  ])("%s", async (_, name, token, message) => {
    expect(await refused(name, { token })).toMatch(message);
  });

  it("without telling anyone the token", async () => {
    for (const token of ["hf_wrong", "hf_stranger", "hf_secret\nx"]) {
      expect(await refused("acme/private", { token })).not.toContain(token.slice(0, 8));
    }
  });

  it.each<[number, Record<string, string>, RegExp]>([
    [429, { "retry-after": "30" }, /too many requests.*Retry-After 30/],
    [500, {}, /in trouble.*try again later/],
    [403, { "x-error-message": "No fine-grained right" }, /token does not allow this.*No fine-grained right/],
    [418, {}, /answers 418/],
  ])("with status %d", async (status, headers, message) => {
    hub.outage = { status, headers };
    expect(await refused("acme/good")).toMatch(message);
  });

  it("a file that vanished between listing and fetching", async () => {
    const sha = { type: "file", oid: "1".repeat(40), size: 3, path: "merges.txt" };
    hub.model("acme/good").moreEntries = [sha];
    expect(await refused("acme/good")).toMatch(/cannot be fetched.*404 EntryNotFound/);
    hub.model("acme/good").moreEntries = [];
  });
});

describe("a server that is not the Hub", () => {
  it.each(["<html>Please log in</html>", "[]", '{"sha": 5}', '"text"', ""])("is named: %s", async (body) => {
    hub.outage = { status: 200, headers: { "content-type": "application/json" }, body };
    await refused("acme/good");
    expect(everything().some((path) => path.includes("models--"))).toBe(false);
  });

  it.each(Object.keys(models).filter((name) => name.startsWith("evil/")))(
    "gets nothing written: %s",
    async (name) => {
      expect(await refused(name)).toMatch(/lists what no repository can have/);
      expect(everything().filter((path) => /models--|evil$/.test(path))).toEqual([]);
      expect(hub.takeFetched()).toEqual([]);
    },
  );
});

it("a listing of anything is refused or understood, and never a crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.object({ maxDepth: 1 }), async (value, change) => {
      hub.model("acme/good").moreEntries = [value as object, entry(change)];
      const result = await fetchModel("acme/good", options).catch((error) => error);
      expect(typeof result === "string" || result instanceof HubError).toBe(true);
    }),
    { seed: 1, numRuns: 60 },
  );
  hub.model("acme/good").moreEntries = [];
});

describe("a repository", () => {
  it.each([
    ["acme/pickle", /can run code.*pytorch_model\.bin.*safe_serialization=True/],
    ["acme/empty", /no weights that can be opened.*no files/],
    ["acme/no-config", /no config\.json/],
    ["acme/shardless", /names x-1\.safetensors, which is not there/],
    ["acme/bad-index", /index of the model's weights is damaged/],
    ["acme/no-index", /index of the model's weights is damaged/],
  ])("%s", async (name, message) => {
    expect(await refused(name)).toMatch(message);
    expect(hub.takeFetched().filter((file) => file !== "model.safetensors.index.json")).toEqual([]);
    expect(everything().some((path) => path.includes("evil"))).toBe(false);
  });
});
