import { once } from "node:events";
import { createServer } from "node:net";
import type { Introduction } from "../../web/introduction";
import type { Finding } from "../command";
import { askProgram } from "./ask-program";
import { about } from "./finding";

const { ok, problem } = about("Port");

/** Whether the program can listen where it serves metrics, or does. */
export async function lookAtMetricsPort(port: number, host: string | undefined): Promise<Finding> {
  const metrics = about("Metrics");
  const code = await tryToListen(port, host);
  if (code === undefined) return metrics.ok(`METRICS_PORT ${port} is free`);
  const text = await fetch(`${originOf(port, host)}/metrics`)
    .then((answer) => answer.text())
    .catch(() => "");
  if (text.includes("latchkey_build_info")) return metrics.ok(`a Latchkey serves them on ${port}`);
  return metrics.problem(`METRICS_PORT ${port} cannot be listened on (${code}): set it to another one`);
}

/** Whether the program can listen, or does. */
export async function lookAtPort(
  { port, host }: { port: number; host: string | undefined },
  introductions: Introduction[],
): Promise<Finding> {
  const code = await tryToListen(port, host);
  if (code === undefined) return ok(`${port} is free`);
  if (code === "EACCES")
    return problem(
      `${port} may not be listened on by this user: set PORT to one above 1023, or let a proxy have it`,
    );
  if (code === "EADDRNOTAVAIL")
    return problem(
      `HOST is ${host}, which is no address of this computer: leave it unset, or name one that is`,
    );
  if (code !== "EADDRINUSE") return problem(`${port} cannot be listened on (${code})`);
  const asked = await askProgram(originOf(port, host), introductions);
  if (asked?.kind === "ours") return ok(`this installation listens on ${port}`);
  return problem(
    `${port} is taken by another program: stop that (lsof -i :${port} names it), or set PORT to another one`,
  );
}

async function tryToListen(port: number, host: string | undefined): Promise<string | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    server.close();
  }
}

function originOf(port: number, host: string | undefined): string {
  const at = host === undefined || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${at.includes(":") ? `[${at}]` : at}:${port}`;
}
