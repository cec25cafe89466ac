/**
 * GPT-2's printable alphabet for bytes: a vocabulary file writes each byte as one visible character,
 * so that a token is a string without spaces or control characters (a space is written `Ġ`).
 * [Radford et al. 2019, `bytes_to_unicode`]
 */

const printable = (byte: number) =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);

/** The bytes in the order in which GPT-2 numbers them: printable ones, then the rest. */
export const BYTE_ORDER: readonly number[] = [
  ...Array.from({ length: 256 }, (_, byte) => byte).filter(printable),
  ...Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !printable(byte)),
];

const numPrintable = BYTE_ORDER.filter(printable).length;

/** The character that stands for each byte. */
export const BYTE_CHARACTERS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(printable(byte) ? byte : 256 + BYTE_ORDER.indexOf(byte) - numPrintable),
);

const BYTE_OF = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));

/** Bytes as a token string. */
export function bytesToToken(bytes: Iterable<number>): string {
  let token = "";
  for (const byte of bytes) token += BYTE_CHARACTERS[byte];
  return token;
}

/** A token string as bytes; one with a character outside the alphabet stands for its own UTF-8. */
export function tokenToBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF.get(token[i]);
    if (byte === undefined) return new TextEncoder().encode(token);
    bytes[i] = byte;
  }
  return bytes;
}

/** How SentencePiece writes the token of a byte. */
export const byteToken = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
