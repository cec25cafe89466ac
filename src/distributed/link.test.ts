import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openLink } from "./link.js";

/** Two ends of a connection that delivers what is written in pieces of so many bytes. */
function ends(pieceBytes = 2 ** 16): [Duplex, Duplex] {
  const end = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk: Uint8Array, _, done) {
        for (let at = 0; at < chunk.length; at += pieceBytes) other().push(chunk.slice(at, at + pieceBytes));
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const first: Duplex = end(() => second);
  const second: Duplex = end(() => first);
  return [first, second];
}

const bytes = (...values: number[]) => Uint8Array.from(values);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("openLink", () => {
  it.each([1, 7, 2 ** 16])(
    "gives messages whole and in order, however they arrive: %d bytes",
    async (piece) => {
      const [a, b] = ends(piece);
      const [here, there] = [openLink(a, () => {}), openLink(b, () => {})];
      const large = Uint8Array.from({ length: 1000 }, (_, i) => i);
      const waiting = there.receive();
      for (const message of [bytes(1, 2, 3), bytes(), large]) await here.send(message);
      expect(await waiting).toEqual(bytes(1, 2, 3));
      expect(await there.receive()).toEqual(bytes());
      expect(await there.receive()).toEqual(large);
    },
  );

  it("gives up a side that has said nothing for five seconds, and not one that gives signs of life", async () => {
    const [a, b] = ends();
    const reasons: string[] = [];
    const waiting = openLink(a, (reason) => reasons.push(reason)).receive();
    const refused = expect(waiting).rejects.toThrow("it has said nothing for 5 s");
    openLink(b, () => {});
    await vi.advanceTimersByTimeAsync(20_000);
    expect(reasons).toEqual([]);
    b.write = () => true; // it hangs
    await vi.advanceTimersByTimeAsync(4000);
    expect(reasons).toEqual([]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(reasons).toEqual(["it has said nothing for 5 s"]);
    await refused;
  });

  it("takes no long message of a stranger", async () => {
    const [a, b] = ends();
    let isKnown = false;
    const here = openLink(
      a,
      () => {},
      () => isKnown,
    );
    const there = openLink(b, () => {});
    await there.send(new Uint8Array(4096));
    expect(await here.receive()).toHaveLength(4096);
    isKnown = true;
    await there.send(new Uint8Array(4097));
    expect(await here.receive()).toHaveLength(4097);
    isKnown = false;
    const waiting = here.receive();
    await there.send(new Uint8Array(4097));
    await expect(waiting).rejects.toThrow("it sends more than it may");
  });

  it("tells an end without leave from one with it", async () => {
    for (const [leaves, expected] of [
      [false, ["its connection has ended"]],
      [true, []],
    ] as const) {
      const [a, b] = ends();
      const reasons: string[] = [];
      const here = openLink(a, (reason) => reasons.push(reason));
      const there = openLink(b, () => {});
      if (leaves) await there.leave();
      const waiting = here.receive();
      a.destroy();
      await expect(waiting).rejects.toThrow(leaves ? "it has left" : "its connection has ended");
      expect(reasons).toEqual(expected);
    }
  });

  it("hands on what the other side says has gone wrong there", async () => {
    const [a, b] = ends();
    const told: [string, boolean][] = [];
    const here = openLink(a, (...reason) => told.push(reason));
    const waiting = here.receive();
    await openLink(b, () => {}).abort("the disk is full");
    await expect(waiting).rejects.toThrow("the disk is full");
    expect(told).toEqual([["the disk is full", true]]);
  });
});
