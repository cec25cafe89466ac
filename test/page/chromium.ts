/** The browser that tests of pages drive: the system's Chromium. */
import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const macApps = ["Chromium.app/Contents/MacOS/Chromium", "Google Chrome.app/Contents/MacOS/Google Chrome"];

export const howToGetChromium =
  "There is no Chromium for the test of the chat page. Install it (Debian: apt-get install chromium), or set CHROMIUM to its path.";

/** The path in the variable CHROMIUM, or where Chromium usually lies. */
export function findChromium(): string | undefined {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM) return CHROMIUM;
  const onPath = PATH.split(delimiter)
    .filter(isAbsolute)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  const usual = [...names.map((name) => `/usr/bin/${name}`), ...macApps.map((app) => `/Applications/${app}`)];
  return [...onPath, ...usual].find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
