import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { FakeHub, sha256 } from "../../../test/fake-hub.js";
import { HubError } from "./errors.js";
import { fetchModel } from "./fetch-model.js";
import type { FetchOptions, FetchProgress } from "./from-hub.js";

const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) >> 3));

let hub: FakeHub;
let cacheFolder: string;
let options: FetchOptions;
let target: string;
const place = mkdtempSync(join(tmpdir(), "autodidact-hub-"));
let count = 0;

beforeAll(async () => {
  hub = await FakeHub.start({
    "acme/whole": {
      files: { "config.json": "{}", "model.safetensors": weights },
      lfs: ["model.safetensors"],
    },
  });
});
afterAll(async () => {
  await hub.close();
  rmSync(place, { recursive: true });
});
beforeEach(() => useCache(join(place, String(count++))));

function useCache(folder: string): void {
  cacheFolder = folder;
  options = { endpoint: hub.endpoint, cacheFolder, token: "", offline: false };
  target = join(cacheFolder, "models--acme--whole/blobs", sha256(weights));
  hub.seen.length = 0;
}

const files = (folder: string) => readdirSync(folder).sort();
/** What the client asked of the server of large files. */
const ranges = () => hub.seen.filter(({ server }) => server === "cdn").map(({ range }) => range);

describe("a connection that is cut", () => {
  /** Cuts the connection once the client has noted so many bytes of the weights. */
  const cutAt = (bytes: number) => (progress: FetchProgress) => {
    if (progress.file === "model.safetensors" && progress.received === bytes) hub.cut();
  };

  it("is followed by a request for the rest", async () => {
    hub.interrupt("model.safetensors", 100_000, 50_000);
    const onProgress = (progress: FetchProgress) => {
      cutAt(100_000)(progress);
      cutAt(150_000)(progress);
    };
    const folder = await fetchModel("acme/whole", { ...options, onProgress });
    expect(ranges()).toEqual([undefined, "bytes=100000-", "bytes=150000-"]);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("leaves what came for the next call, which asks for the rest only", async () => {
    hub.interrupt("model.safetensors", 100_000, 0);
    const fetching = fetchModel("acme/whole", { ...options, onProgress: cutAt(100_000) });
    await expect(fetching).rejects.toThrow(HubError);
    await expect(fetching).rejects.toThrow(/cut\n {2}found: model\.safetensors: 100000 of 300000 bytes/);
    expect(readFileSync(`${target}.incomplete`).equals(weights.subarray(0, 100_000))).toBe(true);
    const snapshot = join(cacheFolder, "models--acme--whole/snapshots", hub.commitOf("acme/whole"));
    expect(files(snapshot)).not.toContain("model.safetensors");
    await expect(fetchModel("acme/whole", { ...options, offline: true })).rejects.toThrow(HubError);

    hub.seen.length = 0;
    const received: number[] = [];
    const folder = await fetchModel("acme/whole", {
      ...options,
      onProgress: (p) => received.push(p.received),
    });
    expect(ranges()).toEqual(["bytes=100000-"]);
    expect(received[0]).toBe(100_000);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
    expect(files(join(cacheFolder, "models--acme--whole/blobs"))).toHaveLength(2);
  });

  it("because the process was killed is resumed as well", async () => {
    hub.interrupt("model.safetensors", 100_000);
    const script = `import { fetchModel } from ${JSON.stringify(`${inject("built")}src/interop/hub/fetch-model.js`)};
      const onProgress = ({ received }) => console.log("received", received);
      await fetchModel("acme/whole", { ...${JSON.stringify(options)}, onProgress });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    const exit = once(child, "exit");
    for await (const text of child.stdout.setEncoding("utf8")) {
      if (text.includes("received 100000")) child.kill("SIGKILL");
    }
    expect(await exit).toEqual([null, "SIGKILL"]);
    const blobs = dirname(target);
    const left = files(blobs).find((name) => name.endsWith(".incomplete"))!;
    const kept = statSync(join(blobs, left)).size; // the last piece may not have been written yet
    expect(kept).toBeGreaterThan(0);
    hub.cut();
    hub.seen.length = 0;
    const folder = await fetchModel("acme/whole", options);
    expect(ranges()).toEqual([`bytes=${kept}-`]);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
    expect(files(blobs)).toHaveLength(2);
  });

  it("is begun again where the server knows no ranges", async () => {
    hub.interrupt("model.safetensors", 100_000, 0);
    const fetching = fetchModel("acme/whole", { ...options, onProgress: cutAt(100_000) });
    await expect(fetching).rejects.toThrow(HubError);
    hub.ignoresRange = true;
    const folder = await fetchModel("acme/whole", options);
    hub.ignoresRange = false;
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("may be cut by the caller, who gets the reason", async () => {
    hub.interrupt("model.safetensors", 100_000);
    const stop = new AbortController();
    const reason = new Error("stopped");
    const onProgress = ({ received }: FetchProgress) => {
      if (received === 100_000) stop.abort(reason);
    };
    await expect(fetchModel("acme/whole", { ...options, onProgress, signal: stop.signal })).rejects.toBe(
      reason,
    );
    hub.cut();
    hub.seen.length = 0;
    await fetchModel("acme/whole", options);
    expect(ranges()).toEqual(["bytes=100000-"]);
    await expect(fetchModel("acme/whole", { ...options, signal: stop.signal })).rejects.toBe(reason);
  });
});

describe("bytes that are not the announced ones", () => {
  it.each(["model.safetensors", "config.json"])("are not kept: %s", async (file) => {
    hub.corrupt.add(file);
    const fetching = fetchModel("acme/whole", options);
    await expect(fetching).rejects.toThrow(/not the one that the Hub announced/);
    hub.corrupt.clear();
    const all = (readdirSync(cacheFolder, { recursive: true }) as string[]).filter(
      (path) => path.includes(file) || path.includes("incomplete"),
    );
    expect(all).toEqual([]);
    const folder = await fetchModel("acme/whole", options);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("are noticed when they lie in the rest of an earlier download", async () => {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.incomplete`, Buffer.alloc(1000, 1));
    await expect(fetchModel("acme/whole", options)).rejects.toThrow(/removed/);
    await fetchModel("acme/whole", options);
    writeFileSync(`${target}.incomplete`, Buffer.alloc(weights.length + 1)); // longer than the file
    rmSync(target);
    await fetchModel("acme/whole", options);
    expect(readFileSync(target).equals(weights)).toBe(true);
  });
});

const disk = join(place, "disk");

function mount(...options: string[]): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options.join(), "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

mkdirSync(disk);
const isMounted = process.platform === "linux" && process.getuid?.() === 0 && mount("size=200k");
afterAll(() => {
  if (isMounted) execFileSync("umount", [disk]);
});

describe("a disk", () => {
  it.skipIf(process.platform !== "linux")("that is full is named, and nothing half is left", async () => {
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync("/dev/full", `${target}.incomplete`); // every write to it fails with ENOSPC
    const fetching = fetchModel("acme/whole", options);
    await expect(fetching).rejects.toThrow(HubError);
    await expect(fetching).rejects.toThrow(/disk is full\n {2}found: ENOSPC[\s\S]*HF_HUB_CACHE/);
    expect(lstatSync(target, { throwIfNoEntry: false })).toBeUndefined();
  });

  it.skipIf(!isMounted)("that has space again gets the rest only", async () => {
    useCache(join(disk, "cache"));
    await expect(fetchModel("acme/whole", options)).rejects.toThrow(/disk is full/);
    const kept = statSync(`${target}.incomplete`).size;
    expect(kept).toBeGreaterThan(0);
    mount("remount", "size=1m");
    hub.seen.length = 0;
    const folder = await fetchModel("acme/whole", options);
    expect(ranges()).toEqual([`bytes=${kept}-`]);
    expect(readFileSync(join(folder, "model.safetensors")).equals(weights)).toBe(true);
  });

  it("where a file stands in the place of the cache is named", async () => {
    writeFileSync(cacheFolder, "a file");
    await expect(fetchModel("acme/whole", options)).rejects.toThrow(/cache folder cannot be written to/);
  });
});
