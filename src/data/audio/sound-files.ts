import { leftOutOf } from "../images/left-out.js";
import { type Listing, type Row, splitOf, withoutExtension } from "./listing.js";
import { isSound, kindsOf, type Place, textOf } from "./place.js";

/** Recordings by themselves, each with what is said in a .txt file of the same name beside it, or without. */
export async function soundFiles(place: Place): Promise<Listing | undefined> {
  const sounds = place.names.filter(isSound);
  if (sounds.length === 0) return undefined;
  const isText = (name: string) => /\.txt$/i.test(name);
  const texts = new Map(place.names.filter(isText).map((name) => [stem(name), name]));
  const rows: Row[] = [];
  for (const path of sounds) {
    const file = texts.get(stem(path));
    const text = file === undefined ? undefined : await textOf(place, file);
    rows.push({ path, list: "", text, split: splitOf(path) });
  }
  const paired = new Set(sounds.map(stem));
  const alone = [...texts].filter(([name]) => !paired.has(name)).map(([, name]) => name);
  const others = place.names.filter((name) => !isSound(name) && !isText(name));
  const leftOut = [
    ...leftOutOf("text", "without a recording of its name", alone),
    ...leftOutOf("file", `of other kinds (${kindsOf(others)})`, others),
  ];
  return { layout: "sound files", rows, leftOut };
}

function stem(name: string): string {
  return withoutExtension(name).normalize("NFC");
}
