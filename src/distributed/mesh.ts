/** Brings the ranks of a training together over TCP: each is linked to each. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { hostname } from "node:os";
import { createFailure, type Failure } from "../threads/failure.js";
import { RankError } from "./errors.js";
import { type Link, openLink } from "./link.js";
import type { Links } from "./links.js";
import { othersOf, type Place } from "./moves.js";

/** Where the ranks meet. */
export interface Meeting extends Place {
  /** Of rank 0. */
  readonly host: string;
  /** On which rank 0 listens; 0 there: one that is free. */
  readonly port: number;
  /** Known to the ranks alone: others are turned away. */
  readonly token: string;
  /** How long ranks are waited for. */
  readonly waitSeconds: number;
}

/** What a process says of itself first. */
interface Hello {
  readonly rank: number;
  readonly size: number;
  readonly token: string;
  readonly hostname: string;
  /** Where it listens for ranks above it. */
  readonly port?: number;
}

/** Another rank. */
interface Member {
  readonly link: Link;
  readonly hostname: string;
  readonly address: string;
  readonly port?: number;
}

const retryMs = 100;

/**
 * Links this process to all others; `onListening` is told rank 0's port. Throws `RankError` where some do not come in
 * time, or do not belong together.
 */
export async function openMesh(meeting: Meeting, onListening?: (port: number) => void): Promise<Links> {
  const { rank, size, host, token, waitSeconds } = meeting;
  const members = new Map<number, Member>();
  const links = new Set<Link>();
  const failing = createFailure();
  const changed = { notify: () => {} };

  /** The first reason stands, and the others are told of it. */
  function fail(error: RankError): void {
    for (const link of links) link.abort(error.values);
    failing.fail(error);
  }

  /** A link over a socket; who calls is a stranger until it has said the token, and may go as it came. */
  function linkOver(socket: Socket, isCaller: boolean): Link {
    socket.setNoDelay(true);
    const rankOf = () => [...members].find(([, member]) => member.link === link)?.[0];
    const isKnown = () => !isCaller || rankOf() !== undefined;
    const onFailure = (reason: string, isTold: boolean) => {
      const of = rankOf();
      if (isTold && isKnown()) fail(cannotGoOn(reason));
      else if (of !== undefined) fail(gone(of, members.get(of)!.hostname, reason));
    };
    const link = openLink(socket, onFailure, isKnown);
    links.add(link);
    return link;
  }

  const own = (port?: number): Hello => ({ rank, size, token, hostname: hostname(), port });

  async function admit(socket: Socket, port: number): Promise<void> {
    const link = linkOver(socket, true);
    const hello: Hello = saidIn(await link.receive());
    const refusal = refusalOf(hello, meeting, members);
    if (refusal === undefined) {
      await link.send(bytesOf(own(port)));
      members.set(hello.rank, { link, ...hello, address: socket.remoteAddress! });
      return changed.notify();
    }
    await link.abort(refusal);
    await link.leave();
    links.delete(link);
  }

  async function call(other: number, address: string, at: number, listensOn?: number): Promise<void> {
    const link = linkOver(await connected(address, at, failing), false);
    await link.send(bytesOf(own(listensOn)));
    const hello: Hello = saidIn(await failing.guard(link.receive()));
    members.set(other, { link, ...hello, address });
  }

  async function allOf(ranks: readonly number[]): Promise<void> {
    while (ranks.some((other) => !members.has(other))) {
      const next = new Promise<void>((resolve) => Object.assign(changed, { notify: resolve }));
      await failing.guard(next);
    }
  }

  async function through<T>(other: number, what: (link: Link) => Promise<T>): Promise<T> {
    const { link, hostname } = members.get(other)!;
    try {
      return await failing.guard(what(link));
    } catch (error) {
      throw error instanceof RankError ? error : gone(other, hostname, (error as Error).message);
    }
  }

  const ended = failing.guard(new Promise<never>(() => {}));
  ended.catch(() => {});
  const server = createServer((socket) => {
    // Who leaves before saying who it is, is not missed.
    admit(socket, portOf()).catch(() => socket.destroy());
  });
  const portOf = () => (server.address() as AddressInfo).port;
  const late = setTimeout(() => fail(missing(meeting, members)), waitSeconds * 1000);
  const mesh: Links = {
    rank,
    size,
    send: (to, bytes) => through(to, (link) => link.send(bytes)),
    receive: (from) => through(from, (link) => link.receive()),
    failing: ended,
    async leave() {
      for (const link of links) await link.leave();
    },
    async abort(reason) {
      for (const link of links) await link.abort(`rank ${rank} on ${hostname()}: ${reason}`);
    },
  };
  try {
    await listening(server, rank === 0 ? meeting.port : 0, rank === 0 ? host : undefined);
    const others = othersOf(meeting);
    if (rank === 0) {
      onListening?.(portOf());
      await allOf(others);
      const addresses = others.map((other) => members.get(other)!);
      const table = bytesOf(addresses.map(({ address, port }) => ({ address, port })));
      for (const other of others) await mesh.send(other, table);
    } else {
      await call(0, host, meeting.port, portOf());
      const table: { address: string; port: number }[] = saidIn(await mesh.receive(0));
      for (const other of others.slice(1, rank)) {
        await call(other, table[other - 1].address, table[other - 1].port);
      }
      await allOf(others.slice(rank));
    }
    return mesh;
  } catch (error) {
    await mesh.leave();
    throw error;
  } finally {
    clearTimeout(late);
    server.close();
  }
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const saidIn = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

function listening(server: ReturnType<typeof createServer>, port: number, host?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) => {
      const what = "rank 0 cannot listen where the ranks are to meet";
      const advice = "choose another port, and an address of this machine, by MASTER_ADDR and MASTER_PORT";
      reject(new RankError(what, `${host}:${port}: ${cause.message}`, advice, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

/** Tries until somebody listens there. */
async function connected(host: string, port: number, failing: Failure): Promise<Socket> {
  for (;;) {
    const socket = connect({ host, port });
    const isOpen = new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (await failing.guard(isOpen)) return socket;
    await failing.guard(new Promise((resolve) => setTimeout(resolve, retryMs)));
  }
}

/** Why a process is not let in. */
function refusalOf(
  { rank, size, token, hostname: from }: Hello,
  meeting: Meeting,
  members: ReadonlyMap<number, Member>,
): string | undefined {
  if (token !== meeting.token) return `rank ${rank} on ${from} has another token`;
  if (size !== meeting.size) return `rank ${rank} on ${from} is one of ${size}, here are ${meeting.size}`;
  if (members.has(rank))
    return `there are two of rank ${rank}, on ${members.get(rank)!.hostname} and ${from}`;
  return undefined;
}

const gone = (rank: number, hostname: string, reason: string) =>
  cannotGoOn(`rank ${rank} on ${hostname}: ${reason}`);

function cannotGoOn(values: string): RankError {
  return new RankError(
    "the ranks of this training cannot go on together",
    values,
    "look at what that rank said last; start all again, with --resume where there is a checkpoint: the last one is whole",
  );
}

function missing(meeting: Meeting, members: ReadonlyMap<number, Member>) {
  const { rank, host, port, waitSeconds } = meeting;
  const absent = othersOf(meeting).filter((other) => !members.has(other));
  return new RankError(
    "the ranks have not come together",
    `rank ${rank} on ${hostname()} waited ${waitSeconds} s for rank${absent.length > 1 ? "s" : ""} ${absent.join(", ")}, at ${host}:${port}`,
    "start all of them, with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE; the address has to be one that all can reach",
  );
}
