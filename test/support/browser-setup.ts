import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const UNPACK = `require("@sparticuz/chromium").executablePath().then((file) => process.stdout.write(file))`;

/**
 * Unpacks Chromium once for the run, in a folder of its own: the package itself uses a fixed name in the temporary
 * folder, where another user's copy or one half unpacked by another worker may lie. It only knows the temporary folder
 * of its own process and brings libnss3 only where it believes to be on Amazon Linux; so it runs in one that says so.
 * TEST_CHROMIUM names another Chromium to use, on machines the package has none for.
 */
export default function globalSetup(): void {
  if (process.env.TEST_CHROMIUM) return;
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-chromium-"));
  process.env.TEST_CHROMIUM_FOLDER = folder;
  const file = execFileSync(process.execPath, ["-e", UNPACK], {
    cwd: __dirname,
    env: { ...process.env, TMPDIR: folder, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
    encoding: "utf8",
  });
  process.env.TEST_CHROMIUM = file;
  process.env.TEST_CHROMIUM_FONTS = path.join(folder, "fonts.conf");
  writeFileSync(process.env.TEST_CHROMIUM_FONTS, fontsIn(folder));
  if (startsWith(file, process.env)) return;

  const libraries = path.join(folder, "al2023", "lib");
  const env = { ...process.env, LD_LIBRARY_PATH: libraries };
  if (!startsWith(file, env)) {
    throw new Error(
      `Chromium does not start here; TEST_CHROMIUM can name another one. ${complaint(file, env)}`,
    );
  }
  process.env.TEST_CHROMIUM_LIBRARIES = libraries;
}

// The machine's own fonts, if it has any, and the package's, whose own list names its fixed folder only.
function fontsIn(folder: string): string {
  return `<fontconfig>
    <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
    <dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir>
  </fontconfig>`;
}

function startsWith(file: string, env: NodeJS.ProcessEnv): boolean {
  return spawnSync(file, ["--version"], { env }).status === 0;
}

function complaint(file: string, env: NodeJS.ProcessEnv): string {
  const { stderr, error } = spawnSync(file, ["--version"], { env, encoding: "utf8" });
  return error?.message ?? stderr.trim();
}
