import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.js";
import { FolderError } from "./errors.js";
import { lockFolder } from "./lock.js";

const place = temporaryFolder();
let count = 0;
const newFolder = () => join(place, `run-${count++}`);
const ownerIn = (folder: string) => JSON.parse(readFileSync(join(folder, "run.lock"), "utf8"));

/** A process that locks a folder, says how that went, and keeps the lock until its standard input ends. */
const program = `
import { lockFolder } from ${JSON.stringify(`${inject("built")}src/files/lock.js`)};
process.stdin.once("data", async () => {
  await lockFolder(process.argv[1]).then(() => console.log("locked"), (error) => console.log(error.message));
  process.stdin.on("end", () => process.exit());
});
console.log("ready");
`;

async function contender(folder: string) {
  const args = ["--input-type=module", "--eval", program, folder];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const said = async () => String((await once(child.stdout, "data"))[0]).trim();
  expect(await said()).toBe("ready");
  return {
    child,
    lock(): Promise<string> {
      const answer = said();
      child.stdin.write("now");
      return answer;
    },
    async kill() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

it("names its owner, refuses a second lock, and is free after its release", async () => {
  const folder = newFolder();
  const lock = await lockFolder(folder);
  expect(ownerIn(folder)).toMatchObject({ pid: process.pid, host: hostname() });
  expect(Date.parse(ownerIn(folder).started)).toBeCloseTo(performance.timeOrigin, -1);
  const again = lockFolder(folder);
  await expect(again).rejects.toThrow(FolderError);
  await expect(again).rejects.toThrow(
    new RegExp(`process ${process.pid} on ${hostname()}, started ${ownerIn(folder).started}`),
  );
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
  await (await lockFolder(folder)).release();
});

it("releasing is quiet when the lock is gone, and leaves another owner's alone", async () => {
  const folder = newFolder();
  const lock = await lockFolder(folder);
  writeFileSync(
    join(folder, "run.lock"),
    '{"pid":1,"host":"elsewhere","started":"2020-01-01T00:00:00.000Z"}',
  );
  await lock.release();
  expect(ownerIn(folder).host).toBe("elsewhere");
  const other = await lockFolder(newFolder());
  await other.release();
  await other.release();
});

it("of another machine it is refused, with the way out", async () => {
  const folder = newFolder();
  await (await lockFolder(folder)).release();
  writeFileSync(
    join(folder, "run.lock"),
    '{"pid":1,"host":"elsewhere","started":"2020-01-01T00:00:00.000Z"}',
  );
  await expect(lockFolder(folder)).rejects.toThrow(
    /process 1 on elsewhere[\s\S]*certain[\s\S]*delete run\.lock/,
  );
});

it("of a later process that got the same pid it is taken over", async () => {
  const folder = newFolder();
  await (await lockFolder(folder)).release();
  // This very process, as if another one had had its pid before.
  const { pid } = process;
  const stale = { pid, host: hostname(), started: "2020-01-01T00:00:00.000Z", startTicks: 1 };
  writeFileSync(join(folder, "run.lock"), JSON.stringify(stale));
  if (existsSync("/proc/self/stat")) expect(await (await lockFolder(folder)).release()).toBeUndefined();
  else await expect(lockFolder(folder)).rejects.toThrow(FolderError);
});

it("that a kill left unfinished is taken over when it is old, not when it is new", async () => {
  const folder = newFolder();
  await (await lockFolder(folder)).release();
  for (const name of ["run.lock", "run.lock.takeover"]) writeFileSync(join(folder, name), "");
  await expect(lockFolder(folder)).rejects.toThrow(/just starting/);
  for (const name of ["run.lock", "run.lock.takeover"]) utimesSync(join(folder, name), 0, 0);
  await lockFolder(folder);
  expect(ownerIn(folder).pid).toBe(process.pid);
  expect(readdirSync(folder)).toEqual(["run.lock"]);
});

it("between real processes: one at a time, and of two that find a dead one's, one takes it over", async () => {
  const folder = newFolder();
  const [first, second, third] = await Promise.all([contender(folder), contender(folder), contender(folder)]);
  expect(await first.lock()).toBe("locked");
  await expect(lockFolder(folder)).rejects.toThrow(new RegExp(`process ${first.child.pid} on`));
  await first.kill();
  const answers = await Promise.all([second.lock(), third.lock()]);
  expect(answers.filter((answer) => answer === "locked")).toHaveLength(1);
  expect(answers.find((answer) => answer !== "locked")).toMatch(/another process is at work/);
  const winner = answers[0] === "locked" ? second : third;
  expect(ownerIn(folder).pid).toBe(winner.child.pid);
  expect(readdirSync(folder)).toEqual(["run.lock"]);
  await Promise.all([second.kill(), third.kill()]);
}, 30_000);
