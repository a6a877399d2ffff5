import { type Browser, chromium } from "playwright-core";

/** Starts the headless Chromium that was unpacked for this run, with what else is said on its command line. */
export async function openBrowser(more: string[] = []): Promise<Browser> {
  const {
    TEST_CHROMIUM: executablePath,
    TEST_CHROMIUM_FONTS: fonts,
    TEST_CHROMIUM_LIBRARIES: libraries,
  } = process.env;
  if (!executablePath) throw new Error("Chromium is not unpacked: run these tests by the project 'browser'");
  // Not the package's own arguments: they run everything in one process, which dies with the first window closed, and
  // switch off the walls between origins, which belong to what is tested.
  return chromium.launch({
    executablePath,
    args: ["--disable-gpu", "--font-render-hinting=none", ...more],
    env: definedOnly({
      ...process.env,
      FONTCONFIG_FILE: fonts,
      LD_LIBRARY_PATH: libraries ?? process.env.LD_LIBRARY_PATH,
    }),
  });
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
