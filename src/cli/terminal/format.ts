/** Numbers as a person reads them in a terminal. */

/** "0.4s", "12s", "1m 23s", "2h 05m", "3d 04h"; "?" for what is not known yet (NaN, Infinity). */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24];
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60];
  if (days > 0) return `${days}d ${twoDigits(hours)}h`;
  if (hours > 0) return `${hours}h ${twoDigits(minutes)}m`;
  return minutes > 0 ? `${minutes}m ${twoDigits(rest)}s` : `${rest}s`;
}

/** "950", "12.3k", "124.4M", "7.0B". */
export function formatCount(count: number): string {
  return withUnit(count, ["", "k", "M", "B", "T"]);
}

/** Powers of a thousand: "512 B", "1.5 kB", "4.1 GB". */
export function formatBytes(bytes: number): string {
  return withUnit(bytes, [" B", " kB", " MB", " GB", " TB"]);
}

/** A loss to three decimals, or to four digits from a hundred on; "?" while there is none. */
export function formatLoss(loss: number | undefined): string {
  if (loss === undefined) return "?";
  return Math.abs(loss) < 100 ? loss.toFixed(3) : String(Number(loss.toPrecision(4)));
}

/** 0.734 is "73%". */
export function formatShare(share: number): string {
  return `${Math.round(share * 100)}%`;
}

function withUnit(value: number, units: readonly string[]): string {
  let [scaled, unit] = [value, 0];
  // 999.95 prints as 1000.0, so it belongs to the next unit already.
  while (Math.abs(scaled) >= (unit === 0 ? 999.5 : 999.95) && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? Math.round(scaled) : scaled.toFixed(1)}${units[unit]}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
