/**
 * A date in local time as Python's `strftime` writes it in English, for chat templates that tell the model
 * today's date. Throws an `Error` for a code it does not know.
 */
export function strftime(date: Date, format: string): string {
  return format.replace(/%(-?)(.?)/gs, (written, bare: string, code: string) => {
    const text = CODES[code]?.(date);
    if (text === undefined) throw new Error(`strftime_now knows no ${JSON.stringify(written)}`);
    return bare === "" ? text : text.replace(/^0+(?=.)/, "");
  });
}

const CODES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => twoDigits(date.getFullYear() % 100),
  m: (date) => twoDigits(date.getMonth() + 1),
  d: (date) => twoDigits(date.getDate()),
  H: (date) => twoDigits(date.getHours()),
  I: (date) => twoDigits(((date.getHours() + 11) % 12) + 1),
  M: (date) => twoDigits(date.getMinutes()),
  S: (date) => twoDigits(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? "AM" : "PM"),
  B: (date) => date.toLocaleString("en-US", { month: "long" }),
  b: (date) => date.toLocaleString("en-US", { month: "short" }),
  A: (date) => date.toLocaleString("en-US", { weekday: "long" }),
  a: (date) => date.toLocaleString("en-US", { weekday: "short" }),
  "%": () => "%",
};

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
