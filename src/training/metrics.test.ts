import { describe, expect, test } from "vitest";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { MetricsError, MetricsLog } from "./metrics.js";

const text = async (folder: Folder) => new TextDecoder().decode(await folder.read("metrics.jsonl"));

describe("MetricsLog", () => {
  test("appends a line a record and reads them back", async () => {
    const folder = memoryFolder();
    const log = new MetricsLog(folder);
    expect(await log.read()).toEqual([]);
    await log.append({ step: 1, loss: 4.5 });
    await log.append({ step: 2, loss: 4.25, best: true });
    expect(await text(folder)).toBe('{"step":1,"loss":4.5}\n{"step":2,"loss":4.25,"best":true}\n');
    expect(await log.read()).toEqual([
      { step: 1, loss: 4.5 },
      { step: 2, loss: 4.25, best: true },
    ]);
  });

  test("a loss that is not finite reads back as null", async () => {
    const log = new MetricsLog(memoryFolder());
    await log.append({ step: 1, loss: Number.NaN });
    expect(await log.read()).toEqual([{ step: 1, loss: null }]);
  });

  test.each(['{"step":2,"lo', '{"step":2}', "\0\0\0"])("skips and repairs a torn end %j", async (torn) => {
    const folder = memoryFolder();
    await folder.write("metrics.jsonl", `{"step":1}\n${torn}`);
    expect(await new MetricsLog(folder).read()).toEqual([{ step: 1 }]);
    await new MetricsLog(folder).append({ step: 3 });
    expect(await text(folder)).toBe('{"step":1}\n{"step":3}\n');
  });

  test("half a line left by a full disk is repaired by the next append", async () => {
    const folder = memoryFolder();
    const log = new MetricsLog(folder);
    await log.append({ step: 1 });
    const append = folder.append.bind(folder);
    folder.append = async (path, part) => {
      await append(path, part.slice(0, 5));
      throw new Error("no space left");
    };
    await expect(log.append({ step: 2 })).rejects.toThrow("no space left");
    folder.append = append;
    await log.append({ step: 3 });
    expect(await text(folder)).toBe('{"step":1}\n{"step":3}\n');
  });

  test("truncateAfter drops later steps and keeps the kept lines byte for byte", async () => {
    const folder = memoryFolder();
    await folder.write(
      "metrics.jsonl",
      '{"step": 1, "loss": 4.0}\n{"step":2}\n{"step":2,"x":1}\n{"step":3}\n{"st',
    );
    const log = new MetricsLog(folder);
    await log.truncateAfter(2);
    expect(await text(folder)).toBe('{"step": 1, "loss": 4.0}\n{"step":2}\n{"step":2,"x":1}\n');
    await log.append({ step: 3 });
    expect((await log.read()).map(({ step }) => step)).toEqual([1, 2, 2, 3]);
  });

  test("truncating where there is nothing to drop, or no file, writes nothing", async () => {
    const folder = memoryFolder();
    await new MetricsLog(folder).truncateAfter(5);
    expect(await folder.list("")).toEqual([]);
  });

  test("a damaged line in the middle is an error that names the line and changes nothing", async () => {
    const folder = memoryFolder();
    const damaged = '{"step":1}\n{"loss":3}\n{"step":3}\n';
    await folder.write("metrics.jsonl", damaged);
    const log = new MetricsLog(folder);
    await expect(log.read()).rejects.toThrow(MetricsError);
    await expect(log.truncateAfter(1)).rejects.toThrow(/metrics\.jsonl, line 2: \{"loss":3\}/);
    expect(await text(folder)).toBe(damaged);
  });
});
