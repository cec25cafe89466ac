/**
 * GPT-2's word pattern, by hand, since a regular expression makes a string of every word.
 *
 *     '(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *
 * `\s` is Unicode's White_Space, as in OpenAI's Python and Hugging Face's Rust. JavaScript's own `\s`
 * differs in two characters: it has U+FEFF and lacks U+0085.
 */

const SPACE = 1;
const LETTER = 2;
const NUMBER = 3;
const OTHER = 4;

/** Class of each code point; 0 where nobody has asked yet. */
const CLASSES = new Uint8Array(0x110000);

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  let found = OTHER;
  if (/^\p{L}$/u.test(character)) found = LETTER;
  else if (/^\p{N}$/u.test(character)) found = NUMBER;
  else if (/^\p{White_Space}$/u.test(character)) found = SPACE;
  CLASSES[codePoint] = found;
  return found;
}

function classAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  const codePoint = unit >= 0xd800 && unit < 0xdc00 ? text.codePointAt(index)! : unit;
  return CLASSES[codePoint] || classify(codePoint);
}

/** The end of the run of characters of one class that starts at `index`. */
function runEnd(text: string, index: number, end: number, wanted: number): number {
  let at = index;
  while (at < end) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) {
      const codePoint = text.codePointAt(at)!;
      if ((CLASSES[codePoint] || classify(codePoint)) !== wanted) return at;
      at += codePoint > 0xffff ? 2 : 1;
    } else {
      if ((CLASSES[unit] || classify(unit)) !== wanted) return at;
      at++;
    }
  }
  return at;
}

/** Where the character at `index` ends; `end` at the end. */
export function characterEnd(text: string, index: number, end: number): number {
  return index < end && text.codePointAt(index)! > 0xffff ? index + 2 : Math.min(index + 1, end);
}

/** Where the first digit or other number from `index` on begins; `end` where there is none. */
export function nextNumber(text: string, index: number, end: number): number {
  let at = index;
  while (at < end && classAt(text, at) !== NUMBER) at = characterEnd(text, at, end);
  return at;
}

const APOSTROPHE = 0x27;
const BLANK = 0x20;

/** The end of 's, 'd, 'm, 't, 'll, 've or 're at `start`, or `start` when there is none. */
function contractionEnd(text: string, start: number, end: number): number {
  const one = start + 1 < end ? text[start + 1] : "";
  if (one === "s" || one === "d" || one === "m" || one === "t") return start + 2;
  const two = start + 2 < end ? one + text[start + 2] : "";
  return two === "ll" || two === "ve" || two === "re" ? start + 3 : start;
}

/** The end of the word that starts at `start` (below `end`); words follow one another without gaps. */
export function wordEnd(text: string, start: number, end: number): number {
  const unit = text.charCodeAt(start);
  if (unit === APOSTROPHE) {
    const contraction = contractionEnd(text, start, end);
    if (contraction > start) return contraction;
  } else if (unit === BLANK && start + 1 < end) {
    const next = classAt(text, start + 1);
    if (next !== SPACE) return runEnd(text, start + 1, end, next);
  }
  const kind = classAt(text, start);
  const stop = runEnd(text, start, end, kind);
  // A run of white space leaves its last character to the word that follows.
  if (kind === SPACE && stop < end && stop - start > 1) return stop - 1;
  return stop;
}
