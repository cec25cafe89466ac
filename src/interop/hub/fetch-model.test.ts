import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scanCacheDir } from "@huggingface/hub";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeHub, gitSha1, sha256, validToken } from "../../../test/fake-hub.js";
import { GgufError } from "../gguf/errors.js";
import { HubError } from "./errors.js";
import { fetchModel } from "./fetch-model.js";
import type { FetchOptions, FetchProgress } from "./from-hub.js";
import { openModelFolder } from "./open-model-folder.js";

const config = JSON.stringify({ model_type: "gpt2" });
const bytesOf = (length: number, seed: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * seed) >> 3));
const weights = bytesOf(300_000, 7);
const shards = [bytesOf(5000, 3), bytesOf(70_000, 5)];
const index = JSON.stringify({
  weight_map: { a: "model-00002-of-00002.safetensors", b: "model-00001-of-00002.safetensors" },
});
const shardNames = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

let hub: FakeHub;
let cacheFolder: string;
let options: FetchOptions;
const place = mkdtempSync(join(tmpdir(), "autodidact-hub-"));
let count = 0;

beforeAll(async () => {
  hub = await FakeHub.start({
    "acme/whole": {
      files: {
        "README.md": "# A model",
        "config.json": config,
        "tokenizer.json": "{}",
        "chat_template.jinja": "{{ messages }}",
        "model.safetensors": weights,
        "pytorch_model.bin": "a pickle",
        "consolidated.safetensors": "the same weights again",
        "onnx.md": "",
      },
      lfs: ["model.safetensors", "pytorch_model.bin"],
      revisions: ["refs/pr/1", "v1.0"],
    },
    "acme/sharded": {
      files: {
        "config.json": config,
        "model.safetensors.index.json": index,
        ...Object.fromEntries(shardNames.map((name, i) => [name, shards[i]])),
        "other-00001-of-00001.safetensors": "not named by the index",
      },
      lfs: shardNames,
    },
    "acme/adapter": {
      files: { "adapter_config.json": "{}", "adapter_model.safetensors": weights.subarray(0, 100) },
      lfs: ["adapter_model.safetensors"],
    },
    "acme/private": {
      files: { "config.json": config, "model.safetensors": weights },
      lfs: ["model.safetensors"],
      access: "private",
    },
  });
  hub.aliases.set("whole", "acme/whole");
});
afterAll(async () => {
  await hub.close();
  rmSync(place, { recursive: true });
});
beforeEach(() => {
  cacheFolder = join(place, String(count++));
  options = { endpoint: hub.endpoint, cacheFolder, token: "", offline: false };
  hub.takeFetched();
});

const files = (folder: string) => readdirSync(folder).sort();
const wholeFiles = ["chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json"];
const blob = (name: string, bytes: Uint8Array) =>
  join(cacheFolder, `models--${name.replace("/", "--")}`, "blobs", sha256(bytes));

describe("a model of the Hub", () => {
  it("is fetched into the standard cache: the files that a model needs, and no other", async () => {
    const folder = await fetchModel("acme/whole", options);
    const commit = hub.commitOf("acme/whole");
    const place = join(cacheFolder, "models--acme--whole");
    expect(folder).toBe(join(place, "snapshots", commit));
    expect(files(folder)).toEqual(wholeFiles);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
    expect(readFileSync(join(folder, "config.json"), "utf8")).toBe(config);
    expect(readlinkSync(join(folder, "model.safetensors"))).toBe(`../../blobs/${sha256(weights)}`);
    expect(readlinkSync(join(folder, "config.json"))).toBe(`../../blobs/${gitSha1(Buffer.from(config))}`);
    expect(files(join(place, "blobs"))).toHaveLength(wholeFiles.length);
    expect(readFileSync(join(place, "refs/main"), "utf8")).toBe(commit);
    // Hugging Face's own reader of caches sees one model with one revision, and nothing odd.
    const { repos, warnings } = await scanCacheDir(cacheFolder);
    expect(warnings).toEqual([]);
    expect(repos.map(({ id, filesCount, revisions }) => [id.name, filesCount, revisions[0].refs])).toEqual([
      ["acme/whole", 4, ["main"]],
    ]);
  });

  it("is not fetched again; a file that is missing or too short is", async () => {
    const folder = await fetchModel("acme/whole", options);
    hub.takeFetched();
    const onProgress = vi.fn();
    expect(await fetchModel("acme/whole", { ...options, onProgress })).toBe(folder);
    expect(hub.takeFetched()).toEqual([]);
    expect(onProgress).not.toHaveBeenCalled();

    rmSync(join(folder, "config.json")); // the blob is still there
    expect(await fetchModel("acme/whole", options)).toBe(folder);
    expect(hub.takeFetched()).toEqual([]);
    writeFileSync(blob("acme/whole", weights), "cut");
    await fetchModel("acme/whole", options);
    expect(hub.takeFetched()).toEqual(["model.safetensors"]);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("may be asked for by its old name, which the Hub redirects", async () => {
    const folder = await fetchModel("whole", options);
    expect(folder).toBe(join(cacheFolder, "models--whole/snapshots", hub.commitOf("acme/whole")));
    expect(files(folder)).toEqual(wholeFiles);
  });

  it.each([
    ["acme/whole@refs/pr/1", undefined, "refs/pr/1"],
    ["acme/whole", "v1.0", "v1.0"],
  ])("%s in revision %s is noted as %s", async (name, revision, ref) => {
    await fetchModel(name, { ...options, revision });
    const place = join(cacheFolder, "models--acme--whole/refs");
    expect(readFileSync(join(place, ref), "utf8")).toBe(hub.commitOf("acme/whole"));
    expect(files(place)).toEqual([ref.split("/")[0]]);
  });

  it("comes in the shards that its index names", async () => {
    const folder = await fetchModel("acme/sharded", options);
    expect(files(folder)).toEqual(["config.json", ...shardNames, "model.safetensors.index.json"]);
    for (const [i, name] of shardNames.entries()) {
      expect(readFileSync(join(folder, name)).equals(shards[i])).toBe(true);
    }
    await fetchModel("acme/sharded", { ...options, offline: true });
    rmSync(blob("acme/sharded", shards[1]));
    await expect(fetchModel("acme/sharded", { ...options, offline: true })).rejects.toThrow(/not as a whole/);
  });

  it("may be an adapter", async () => {
    const folder = await fetchModel("acme/adapter", options);
    expect(files(folder)).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    expect(await fetchModel("acme/adapter", { ...options, offline: true })).toBe(folder);
  });

  it("tells how far it is, file by file", async () => {
    const seen: FetchProgress[] = [];
    await fetchModel("acme/whole", { ...options, onProgress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ file }) => file))]).toEqual([
      "config.json",
      "tokenizer.json",
      "chat_template.jinja",
      "model.safetensors",
    ]);
    expect(seen[0]).toEqual({
      file: "config.json",
      received: 0,
      total: config.length,
      files: 4,
      fileIndex: 0,
    });
    const last = seen.filter(({ fileIndex }) => fileIndex === 3).map(({ received }) => received);
    expect(last).toEqual([...last].sort((a, b) => a - b));
    expect(last[0]).toBe(0);
    expect(seen.at(-1)).toMatchObject({ received: weights.length, total: weights.length });
  });

  it("may be fetched several times at once", async () => {
    const [first, ...others] = await Promise.all(
      Array.from({ length: 6 }, () => fetchModel("acme/whole", options)),
    );
    expect(new Set(others)).toEqual(new Set([first]));
    expect(readFileSync(join(first, "model.safetensors")).equals(weights)).toBe(true);
    expect(files(first)).toEqual(wholeFiles);
    expect(files(join(first, "../../blobs"))).toHaveLength(wholeFiles.length);
  });
});

describe("a token", () => {
  it("goes to the Hub, and to no other host after a redirect", async () => {
    hub.seen.length = 0;
    const folder = await fetchModel("acme/private", { ...options, token: validToken });
    expect(files(folder)).toEqual(["config.json", "model.safetensors"]);
    const sent = (server: string) => hub.seen.filter((request) => request.server === server);
    expect(new Set(sent("hub").map(({ authorization }) => authorization))).toEqual(
      new Set([`Bearer ${validToken}`]),
    );
    expect(sent("cdn").map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it("is not sent to another host that a listing names as its next page", async () => {
    hub.seen.length = 0;
    hub.nextPagesElsewhere = true;
    await expect(fetchModel("acme/whole", { ...options, token: validToken })).rejects.toThrow(HubError);
    hub.nextPagesElsewhere = false;
    const { server, path, authorization } = hub.seen.at(-1)!;
    expect([server, authorization]).toEqual(["cdn", undefined]);
    expect(path).toMatch(/^\/api\/models\/acme\/whole\/tree/);
  });

  it("is not sent when there is none", async () => {
    hub.seen.length = 0;
    await fetchModel("acme/whole", options);
    expect(hub.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
  });
});

describe("without the Hub", () => {
  it("what is in the cache is used, and what is not is named", async () => {
    const other = await FakeHub.start({
      "acme/m": { files: { "config.json": config, "model.safetensors": weights } },
    });
    const away = { ...options, endpoint: other.endpoint };
    const folder = await fetchModel("acme/m", away);
    await other.close();
    expect(await fetchModel("acme/m", { ...away, offline: true })).toBe(folder);
    expect(await fetchModel("acme/m", away)).toBe(folder);
    expect(await fetchModel(`acme/m@${other.commitOf("acme/m")}`, { ...away, offline: true })).toBe(folder);
    await expect(fetchModel("acme/m@v2", { ...away, offline: true })).rejects.toThrow(
      /acme\/m@v2.*HF_HUB_OFFLINE/,
    );
    const unreachable = fetchModel("acme/other", away);
    await expect(unreachable).rejects.toThrow(HubError);
    await expect(unreachable).rejects.toThrow(/cannot be reached[\s\S]*ECONNREFUSED[\s\S]*check the network/);
  });

  it("no request is made offline", async () => {
    await fetchModel("acme/whole", options);
    hub.seen.length = 0;
    await fetchModel("acme/whole", { ...options, offline: true });
    await expect(fetchModel("acme/sharded", { ...options, offline: true })).rejects.toThrow(HubError);
    expect(hub.seen).toEqual([]);
  });
});

describe("a folder", () => {
  it("that exists is returned as it is, whatever the Hub has", async () => {
    const folder = join(place, "acme", "whole");
    mkdirSync(folder, { recursive: true });
    hub.seen.length = 0;
    expect(await fetchModel(folder, options)).toBe(folder);
    const before = process.cwd();
    process.chdir(place);
    try {
      expect(await fetchModel("acme/whole", options)).toBe(realpathSync(folder));
    } finally {
      process.chdir(before);
    }
    expect(hub.seen).toEqual([]);
  });

  it("may be a .gguf file instead, which is opened as one", async () => {
    const file = join(place, "model.gguf");
    writeFileSync(file, "x");
    expect(await fetchModel(file, options)).toBe(file);
    expect(openModelFolder(file).location).toBe(file);
    await expect(openModelFolder(file).size("config.json")).rejects.toBeInstanceOf(GgufError);
    mkdirSync(join(place, "folder.gguf"));
    writeFileSync(join(place, "folder.gguf", "config.json"), config);
    expect(await openModelFolder(join(place, "folder.gguf")).size("config.json")).toBe(config.length);
  });

  it("is not another file", async () => {
    const file = join(place, "file.safetensors");
    writeFileSync(file, "x");
    await expect(fetchModel(file, options)).rejects.toThrow(/this is another file/);
  });
});
