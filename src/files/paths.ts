import { FolderError } from "./errors.js";

/**
 * The path as its segments joined by "/", with "." and empty segments dropped.
 * @throws FolderError when it is absolute, climbs with "..", or uses a backslash or a NUL.
 */
export function insidePath(location: string, path: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  const isAbsolute = path.startsWith("/") || /^[a-z]:/i.test(path);
  if (isAbsolute || segments.includes("..") || /[\\\0]/.test(path)) {
    throw new FolderError(
      "a path leads outside its folder or is not written portably",
      `${JSON.stringify(path)} in ${location}`,
      "give a path relative to the folder, with forward slashes and without ..",
    );
  }
  return segments.join("/");
}

/** Like `insidePath`, and refuses the folder itself. */
export function entryPath(location: string, path: string): string {
  const inside = insidePath(location, path);
  if (inside !== "") return inside;
  throw new FolderError("the path names the folder itself", location, "give the name of something inside it");
}
