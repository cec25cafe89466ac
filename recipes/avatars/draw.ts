/**
 * Draws a data set of faces: pixel art of 16 x 16 cells from the npm package @dicebear/pixel-art (design CC0 1.0,
 * code MIT). A folder a class; what its name says is all that its pictures have in common.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createAvatar } from "@dicebear/core";
import * as pixelArt from "@dicebear/pixel-art";
import sharp from "sharp";
import { AutodidactError } from "../../src/core/errors.js";
import { randomStream } from "../../src/core/random.js";

/** The pictures cannot be drawn. */
export class AvatarError extends AutodidactError {}

type Look = NonNullable<Parameters<typeof createAvatar<pixelArt.Options>>[1]>;
type Hair = NonNullable<Look["hair"]>;
type Hat = NonNullable<Look["hat"]>;

/** Variants as the style names them: the kind and two digits. */
const variants = (kind: string, numbers: number[]) => numbers.map((n) => kind + String(n).padStart(2, "0"));

// Without those that 32 x 32 pixels leave in doubt: buns, single plaits, near-bald crowns, and hats like hair.
const longHair = variants("long", [1, 2, 3, 4, 7, 8, 9, 12, 13, 16, 17, 20, 21]) as Hair;
const shortHair = variants("short", [1, 2, 3, 6, 8, 9, 10, 11, 13, 14, 15, 16, 17, 19, 24]) as Hair;
const anyHair = [...longHair, ...shortHair];
const hats = variants("variant", [1, 2, 3, 4, 5, 6, 8, 9, 10]) as Hat;
// Neither hair in a colour of skin nor a hat in one of hair.
const hairColours = ["28150a", "603a14", "611c17", "bd1700", "f2d16b", "009bbd", "91cb15"];
const hatColours = ["2663a3", "989789", "3d8a6b", "cc6192", "614f8a", "a62116"];

const plain: Look = {
  hairColor: hairColours,
  backgroundColor: ["f4f1ea"],
  accessoriesProbability: 0,
  beardProbability: 0,
  glassesProbability: 0,
  hatProbability: 0,
};

/** What each class wears; everything else is left to the seed. */
const looks: Record<string, Look> = {
  bald: { ...plain, hair: [] },
  glasses: { ...plain, hair: anyHair, glassesProbability: 100 },
  hat: { ...plain, hair: anyHair, hat: hats, hatColor: hatColours, hatProbability: 100 },
  "long-hair": { ...plain, hair: longHair },
  "short-hair": { ...plain, hair: shortHair },
};

/** The classes, as the folders are named. */
export const avatarClasses = Object.keys(looks);

/**
 * The folder of `count` PNG pictures of `size` x `size` pixels, a folder a class and each class as often; drawn by
 * the first call, found by the next. It lies in $AUTODIDACT_CACHE, or else in ~/.cache/autodidact.
 * @throws AvatarError for numbers that make no data set, and when the folder cannot be written.
 */
export async function drawAvatars({ count = 6000, size = 32, seed = 1 } = {}): Promise<string> {
  requireNumbers(count, size, seed);
  const cache = resolve(process.env.AUTODIDACT_CACHE || join(homedir(), ".cache", "autodidact"));
  const folder = join(cache, `avatars-${count}-of-${size}px-seed-${seed}-${styleVersion()}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${randomUUID()}.incomplete`;
  try {
    await drawAll(unfinished, count, size, seed);
    await publish(unfinished, folder);
  } catch (cause) {
    throw new AvatarError(
      "the avatars cannot be written",
      `${folder}: ${(cause as Error).message}`,
      "make room there, or set AUTODIDACT_CACHE to a folder that can be written",
      { cause },
    );
  } finally {
    // Where clearing up fails too, the first failure is the one to tell.
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
  }
  return folder;
}

function requireNumbers(count: number, size: number, seed: number): void {
  const whole = [count, size, seed].every(Number.isSafeInteger);
  if (whole && count >= avatarClasses.length && size >= 16 && size <= 1024) return;
  throw new AvatarError(
    "there are no such avatars",
    `count ${count}, size ${size}, seed ${seed}`,
    `give whole numbers: a count from ${avatarClasses.length}, a size from 16 to 1024, any seed`,
  );
}

/** The version of the style and a digest of our choices from it: another drawing gets another folder. */
function styleVersion(): string {
  const library = createRequire(import.meta.url).resolve("@dicebear/pixel-art");
  const { version } = JSON.parse(readFileSync(join(dirname(library), "..", "package.json"), "utf8"));
  const digest = createHash("sha256").update(JSON.stringify(looks)).digest("hex");
  return `${version}-${digest.slice(0, 8)}`;
}

async function drawAll(folder: string, count: number, size: number, seed: number): Promise<void> {
  for (const name of avatarClasses) await mkdir(join(folder, name), { recursive: true });
  const digits = String(count - 1).length;
  const draw = async (index: number) => {
    const name = avatarClasses[index % avatarClasses.length];
    const file = join(folder, name, `${String(index).padStart(digits, "0")}.png`);
    await sharp(Buffer.from(avatar(looks[name], index, size, seed)))
      .removeAlpha()
      .png()
      .toFile(file);
  };
  // Enough at once to keep every thread of sharp busy, few enough to hold.
  const atOnce = 64;
  for (let start = 0; start < count; start += atOnce) {
    const length = Math.min(atOnce, count - start);
    await Promise.all(Array.from({ length }, (_, i) => draw(start + i)));
  }
}

/** The drawing as SVG. The style chooses with its own generator; a number from ours seeds it. */
function avatar(look: Look, index: number, size: number, seed: number): string {
  const stream = randomStream(seed, "avatar", index);
  return createAvatar(pixelArt, { ...look, size, seed: `${stream.uint32()}` }).toString();
}

/** Gives the finished folder its name; where another process was first, that one's stays. */
async function publish(unfinished: string, folder: string): Promise<void> {
  await rename(unfinished, folder).catch((error) => {
    if (!existsSync(folder)) throw error;
  });
}
