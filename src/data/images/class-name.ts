/** The name of a class as it is kept and compared: macOS writes é in two characters, keyboards in one. */
export function className(name: string): string {
  return name.normalize("NFC");
}

/** Whether two names are the same to a reader, however their characters are composed. */
export function sameName(a: string, b: string): boolean {
  return className(a) === className(b);
}
