import { rmSync } from "node:fs";

/** Removes the Chromium of the run. */
export default function globalTeardown(): void {
  const folder = process.env.TEST_CHROMIUM_FOLDER;
  if (folder) rmSync(folder, { recursive: true, force: true });
}
