// Segments as files. As the server writes them; it would have to hear everything again.

/** @typedef {{ start: number, end: number, text: string }} Segment times in seconds */

/** @type {Record<string, (segments: readonly Segment[]) => string>} */
export const formats = {
  txt: (segments) => `${segments.map(({ text }) => text).join("\n")}\n`,
  srt: (segments) =>
    segments
      .map(({ start, end, text }, i) => {
        return `${i + 1}\n${clock(start, ",")} --> ${clock(end, ",")}\n${text.replaceAll("-->", "->")}\n`;
      })
      .join("\n"),
  vtt: (segments) => {
    const cues = segments.map(
      ({ start, end, text }) => `\n${clock(start, ".")} --> ${clock(end, ".")}\n${escaped(text)}\n`,
    );
    return `WEBVTT\n${cues.join("")}`;
  },
};

/** As on a clock, without hours where there are none. @param {number} seconds */
export const shortClock = (seconds) =>
  clock(seconds, ".")
    .replace(/^00:0?/, "")
    .slice(0, -4);

/**
 * @param {number} seconds
 * @param {string} separator
 */
function clock(seconds, separator) {
  const milliseconds = Math.round(1000 * seconds);
  const [whole, padded] = [
    Math.floor(milliseconds / 1000),
    (/** @type {number} */ n) => String(n).padStart(2, "0"),
  ];
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map(padded);
  return `${parts.join(":")}${separator}${String(milliseconds % 1000).padStart(3, "0")}`;
}

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
