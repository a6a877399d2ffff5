import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../support/program";
import { type Running, start } from "./process";
import { recipe, withValues } from "./recipes";

/** A reverse proxy that runs a recipe of README, on a port of its own instead of 443. */
export type RecipeProxy = { port: number; stop(): Promise<void> };

const CERTIFICATES = path.join(__dirname, "..", "support");

type Places = {
  latchkey: number;
  application: number /** Added to the address that is asked who it is. */;
  query?: string;
};

/** The proxies of README, by name, each with what starts it. */
export const PROXIES: { name: string; open(places: Places): Promise<RecipeProxy> }[] = [
  { name: "nginx", open: openNginx },
  { name: "caddy", open: openCaddy },
];

async function openNginx(places: Places): Promise<RecipeProxy> {
  const port = await freePort();
  const servers = withValues(recipe("nginx", "auth_request"), {
    ...inBoth(places),
    "/auth/forward": `/auth/forward${places.query ?? ""}`,
    "listen 443 ssl": `listen 127.0.0.1:${port} ssl`,
    "/etc/ssl/": `${CERTIFICATES}/`,
  });
  return runNginx(servers, port);
}

/** README's recipe for replicas, over http and for these two on ports of this computer. */
export async function openReplicasNginx(ports: [number, number]): Promise<RecipeProxy> {
  const port = await freePort();
  const servers = withValues(recipe("nginx", "upstream replicas"), {
    "10.0.0.11:3000": `127.0.0.1:${ports[0]}`,
    "10.0.0.12:3000": `127.0.0.1:${ports[1]}`,
    "listen 443 ssl": `listen 127.0.0.1:${port}`,
    "/etc/ssl/": `${CERTIFICATES}/`,
  });
  return runNginx(servers, port);
}

const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

// The rest of nginx.conf, for a run without a system service; what else Debian's own has plays no part.
async function runNginx(servers: string, port: number): Promise<RecipeProxy> {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-nginx-"));
  chmodSync(folder, 0o755);
  const places = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(" ");
  const file = path.join(folder, "nginx.conf");
  writeFileSync(
    file,
    `daemon off; pid ${folder}/nginx.pid; error_log stderr; worker_processes 1;
     events {} http { access_log off; ${places}\n${servers} }`,
  );
  return stopWith(folder, port, await start("nginx", ["-c", file, "-p", folder, "-e", "stderr"], port));
}

async function openCaddy(places: Places): Promise<RecipeProxy> {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-caddy-"));
  const port = await freePort();
  const file = path.join(folder, "Caddyfile");
  writeFileSync(
    file,
    `{
	admin off
	https_port ${port}
	auto_https disable_redirects
	local_certs
	skip_install_trust
	default_bind 127.0.0.1
	storage file_system ${folder}
}
${withValues(recipe("caddyfile", "forward_auth"), { ...inBoth(places), "/auth/forward?": `/auth/forward${places.query ?? "?"}` })}`,
  );
  const args = ["run", "--config", file, "--adapter", "caddyfile"];
  const env = { PATH: process.env.PATH ?? "", HOME: folder };
  return stopWith(folder, port, await start("caddy", args, port, { env }));
}

function inBoth({ latchkey, application }: Places): Record<string, string> {
  return {
    "127.0.0.1:3000": `127.0.0.1:${latchkey}`,
    "127.0.0.1:8080": `127.0.0.1:${application}`,
  };
}

function stopWith(folder: string, port: number, running: Running): RecipeProxy {
  return {
    port,
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
