import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The preloaded library that answers what time it is, where it is installed (Debian: libfaketime). */
export const FAKETIME = ["/usr/lib", "/usr/lib64", "/usr/local/lib"]
  .flatMap((root) => [root, ...foldersIn(root)])
  .map((folder) => path.join(folder, "faketime", "libfaketime.so.1"))
  .find((file) => existsSync(file));

/** A clock of its own for programs that are started with its environment, to be set while they run. */
export class Clock {
  readonly environment: Record<string, string>;

  constructor(private readonly file: string) {
    this.set(0);
    this.environment = {
      LD_PRELOAD: FAKETIME ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      // What counts time rather than telling it goes on evenly, as where a machine's clock is set.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Sets it to so many seconds ahead of the machine's clock. */
  set(secondsAhead: number): void {
    writeFileSync(this.file, `${secondsAhead < 0 ? "" : "+"}${secondsAhead}`, { mode: 0o644 });
  }
}

function foldersIn(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join(root, name));
}
