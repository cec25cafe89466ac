/** Numbers as a person reads them in a terminal. */
export { formatBytes, formatCount, formatShare } from "../../core/quantities.js";

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

/** A loss to three decimals, or to four digits from a hundred on; "?" while there is none. */
export function formatLoss(loss: number | undefined): string {
  if (loss === undefined) return "?";
  return Math.abs(loss) < 100 ? loss.toFixed(3) : String(Number(loss.toPrecision(4)));
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
