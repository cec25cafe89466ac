/** What `format` asks of a string [JSON Schema 2020-12 validation, 7.3], as patterns. */
import { refuse } from "./keywords.js";

const day =
  "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))";
const leapYear = "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const date = `(?:\\d{4}-${day}|${leapYear}-02-29)`;
const clock = "(?:[01]\\d|2[0-3]):[0-5]\\d";
const time = `${clock}:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${clock})`;
const ofTime = "T(?:\\d{1,9}H(?:\\d{1,9}M(?:\\d{1,9}S)?)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)";
const ofDate = "(?:\\d{1,9}Y(?:\\d{1,9}M(?:\\d{1,9}D)?)?|\\d{1,9}M(?:\\d{1,9}D)?|\\d{1,9}D)";
const byte = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = `${byte}(?:\\.${byte}){3}`;
const group = "[0-9a-fA-F]{1,4}";
/** So many groups before "::", and the most that leave it a meaning behind it. */
const shortened = Array.from({ length: 6 }, (_, i) => `(?:${group}:){1,${6 - i}}(?::${group}){1,${i + 1}}`);
const ipv6 = [
  `(?:${group}:){7}${group}`,
  `(?:${group}:){1,7}:`,
  ...shortened,
  `:(?::${group}){1,7}`,
  "::",
].join("|");
const hex = (digits: number) => `[0-9a-fA-F]{${digits}}`;
/** Nine of at most 27 letters and the points between them are within the 253 of a name [RFC 1035, 2.3.4]. */
const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,25}[A-Za-z0-9])?";
const hostname = `${label}(?:\\.${label}){0,8}`;
/** A last label of digits would be an address [WHATWG URL, ends in a number]. */
const host = `(?:${label}\\.){0,8}[A-Za-z](?:[A-Za-z0-9-]{0,25}[A-Za-z0-9])?`;
const atom = "[A-Za-z0-9_+-]+";
const pathCharacter = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";

/** All are within what the format allows; of addresses and names those that every validator takes. */
const patterns: Readonly<Record<string, string>> = {
  "date-time": `${date}T${time}`,
  date,
  time,
  duration: `P(?:${ofDate}(?:${ofTime})?|${ofTime}|\\d{1,9}W)`,
  email: `${atom}(?:\\.${atom})*@(?:${label}\\.){1,4}[A-Za-z]{2,26}`,
  hostname,
  ipv4,
  ipv6: `(?:${ipv6})`,
  uri: `https?://(?:${host}|${ipv4})(?::\\d{1,4})?(?:/${pathCharacter}*)*(?:\\?(?:${pathCharacter}|[/?])*)?(?:#(?:${pathCharacter}|[/?])*)?`,
  uuid: `${hex(8)}-${hex(4)}-[1-8]${hex(3)}-[89abAB]${hex(3)}-${hex(12)}`,
};

/** JSON Schema's others; any other name is an annotation there [7.2.3]. */
const unwritten = new Set(
  "idn-email idn-hostname uri-reference iri iri-reference uri-template json-pointer relative-json-pointer regex".split(
    " ",
  ),
);

/** The pattern of a format; undefined for a name that restricts nothing. Throws `GenerationError` for the others. */
export function patternOfFormat(format: string, path: string): string | undefined {
  if (unwritten.has(format)) {
    const known = Object.keys(patterns).join(", ");
    throw refuse(path, `format ${format}`, `supported are: ${known}; or give a pattern instead.`);
  }
  return Object.hasOwn(patterns, format) ? `^${patterns[format]}$` : undefined;
}
