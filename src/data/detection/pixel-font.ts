/** Letters without a font: libraries that draw text ask the system for one, and a bare machine has none. */

/** What a character covers. */
export const GLYPH = { width: 5, height: 7 } as const;

const FIRST = " ".charCodeAt(0);
const RADIX = 2 ** GLYPH.width;

/** The printable characters of ASCII in their order, a digit of base 32 a row from the top. */
const GLYPHS = `
0000000 4444404 aaa0000 aavavaa 4fke5u4 op248j3 8kk8lid 6640000 2488842 8422248 4level4 044v440
0000c48 000v000 00000cc 01248g0 ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888
ehhehhe ehhf12c 0cc0cc0 0cc0c48 248g842 00v0v00 8421248 eh12404 eh1dlle ehhhvhh uhhuhhu ehggghe
sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe
uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hhha444 v1248gv e88888e
0g84210 e22222e 4ah0000 000000v 8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge 698s888 0fhhf1e
ggmphhh 40c444e 20622ic ggikoki c44444e 00qllhh 00mphhh 00ehhhe 00uhugg 00djf11 00mpggg 00ege1u
88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhf1e 00v248v 2448442 4444444 8442448 08l2000
`
  .trim()
  .split(/\s/);

/** Whether each of a character's pixels is set, row by row; undefined for what is not printable ASCII. */
export function glyphOf(character: string): readonly boolean[] | undefined {
  const rows: string | undefined = GLYPHS[character.charCodeAt(0) - FIRST];
  return rows === undefined ? undefined : [...rows].flatMap(rowPixels);
}

function rowPixels(digit: string): boolean[] {
  const bits = Number.parseInt(digit, RADIX);
  return Array.from({ length: GLYPH.width }, (_, x) => ((bits >> (GLYPH.width - 1 - x)) & 1) === 1);
}
