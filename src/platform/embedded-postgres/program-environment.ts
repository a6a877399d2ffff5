const KEPT = ["PATH", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "SystemRoot", "windir", "ComSpec"];

/** A small environment for Postgres: no PG* variable steers it, and it never sees Latchkey's secrets. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { LC_ALL: "C" };
  for (const name of KEPT) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
