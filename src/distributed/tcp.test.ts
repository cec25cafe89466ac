import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { exercise } from "../../test/collective.js";
import type { Collective } from "./collective.js";
import { RankError } from "./errors.js";
import { openLink } from "./link.js";
import { joinTcp } from "./tcp.js";

const meeting = { host: "127.0.0.1", port: 0, token: "secret", waitSeconds: 20 };

/** Starts rank 0, and the others by `start` once it listens there. */
async function meet<T>(size: number, start: (port: number) => T, waitSeconds = meeting.waitSeconds) {
  let others: T | undefined;
  let listens = false;
  const first = joinTcp({ ...meeting, rank: 0, size, waitSeconds }, (port) => {
    others = start(port);
    listens = true;
  });
  first.catch(() => {});
  while (!listens) await new Promise((resolve) => setImmediate(resolve));
  return { first, others: others! };
}

async function ranks(size: number): Promise<Collective[]> {
  const { first, others } = await meet(size, (port) =>
    Array.from({ length: size - 1 }, (_, i) => joinTcp({ ...meeting, port, rank: i + 1, size })),
  );
  return Promise.all([first, ...others]);
}

/** A process that says it is rank 1 of two, and the answer. */
async function stranger(port: number, token: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect({ host: meeting.host, port });
  const link = openLink(socket, () => {});
  await link.send(Buffer.from(JSON.stringify({ rank: 1, size: 2, token, hostname: "elsewhere" })));
  return { socket, answer: link.receive().then((bytes) => Buffer.from(bytes).toString()) };
}

describe("joinTcp", () => {
  it("lets three ranks add up, gather and tell", async () => {
    const all = await ranks(3);
    await Promise.all(all.map(exercise));
    await Promise.all(all.map((one) => one.close()));
  });

  it("names a rank that is gone, and what it said of it", async () => {
    const { first, others } = await meet(2, (port) => stranger(port, "secret"));
    const { socket, answer } = await others;
    expect(JSON.parse(await answer)).toMatchObject({ rank: 0, size: 2 });
    const one = await first;
    const gathering = one.allGather(1);
    socket.destroy();
    await expect(gathering).rejects.toThrow(/rank 1 on elsewhere: its connection has ended/);
    await expect(one.broadcast(1)).rejects.toThrow(RankError);

    const [zero, other] = await ranks(2);
    const told = expect(other.broadcast()).rejects.toThrow(/rank 0 on .*: the disk is full/);
    await zero.abort("the disk is full");
    await told;
  });

  it("turns away who has another token, and waits on", async () => {
    let listensOn = 0;
    const { first, others } = await meet(2, (port) => {
      listensOn = port;
      return stranger(port, "guessed");
    });
    await expect((await others).answer).rejects.toThrow("rank 1 on elsewhere has another token");
    const other = await joinTcp({ ...meeting, port: listensOn, rank: 1, size: 2 });
    await Promise.all([first.then((one) => one.close()), other.close()]);
  });

  it("says who has not come", async () => {
    const { first } = await meet(3, () => {}, 0.05);
    await expect(first).rejects.toThrow(/not come together\n[\s\S]*waited 0.05 s for ranks 1, 2/);
  });
});
