/** Numbers as a person reads them. */

/** "950", "12.3k", "124.4M", "7.0B". */
export function formatCount(count: number): string {
  return withUnit(count, ["", "k", "M", "B", "T"]);
}

/** Powers of a thousand: "512 B", "1.5 kB", "4.1 GB". */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, [" B", " kB", " MB", " GB", " TB"]);
}

/** 0.734 is "73%". */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** `1 picture`, `2,000 pictures` */
export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** A share of 1: `12.3 %` */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function withUnit(value: number, units: readonly string[]): string {
  let [scaled, unit] = [value, 0];
  // 999.95 prints as 1000.0, so it belongs to the next unit already.
  while (Math.abs(scaled) >= (unit === 0 ? 999.5 : 999.95) && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(scaled) : scaled.toFixed(1)}${units[unit]}`;
}
