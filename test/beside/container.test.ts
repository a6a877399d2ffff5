import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { generateSync } from "otplib";
import { describeJourney } from "../support/account-journey";
import { byMouse } from "../support/browser-hand";
import { PASSWORD, setupKey } from "../support/people";
import { freePort } from "../support/program";
import { until } from "../support/until";
import { Visitor } from "../support/visitor";
import { Container } from "./container";
import { buildImage, DOCKERFILE, describeWithEngine, type Engine, engineDoes } from "./container-engine";

const IMAGE = "latchkey-test:this";
const NEXT = "latchkey-test:next";
const KILLS = 5;
const BUILD_MS = 15 * 60_000;
const { version } = JSON.parse(readFileSync(path.join(__dirname, "..", "..", "package.json"), "utf8"));

it("the Dockerfile labels the image with the version in package.json", () => {
  expect(DOCKERFILE).toContain(`org.opencontainers.image.version="${version}"`);
});

describeWithEngine("the image", (engine) => {
  const containers: Container[] = [];
  const volumes: string[] = [];

  beforeAll(() => {
    buildImage(engine, IMAGE);
    const folder = nextVersion();
    buildImage(engine, NEXT, folder);
    rmSync(folder, { recursive: true });
  }, BUILD_MS);

  afterAll(async () => {
    await removeAll(engine, containers, volumes);
  });

  function newVolume(): string {
    const volume = `latchkey-test-${randomBytes(6).toString("hex")}`;
    engineDoes(engine, ["volume", "create", volume]);
    volumes.push(volume);
    return volume;
  }

  async function start(
    ...how: Parameters<typeof Container.start> extends [Engine, ...infer Rest] ? Rest : never
  ) {
    const container = await Container.start(engine, ...how);
    containers.push(container);
    return container;
  }

  describeJourney("in the container", { javaScriptEnabled: true, hand: byMouse }, async () => {
    const container = await start(IMAGE, newVolume());
    return {
      origin: container.origin,
      setUpAddress: container.setUpAddress,
      log: () => container.printed,
      databaseUrl: () => Promise.reject(new Error("The database listens inside the container alone")),
      async stop() {
        const code = await container.end("SIGTERM");
        if (code !== 0)
          throw new Error(`The container ended with ${code}. It printed:\n${container.printed}`);
      },
    };
  });

  describe("while it runs, on a root file system that cannot be written", () => {
    let container: Container;
    beforeAll(async () => {
      // The same port inside as outside, so that the doctor reaches BASE_URL as browsers do.
      const port = await freePort();
      const options = ["-e", `PORT=${port}`];
      container = await start(IMAGE, newVolume(), { port, inside: port, options });
    }, 90_000);

    it("is nobody's root: every process in it is the user 1000, without a capability", () => {
      const status = container.exec("sh", "-c", "cat /proc/[0-9]*/status");
      const lines = (name: string) => status.split("\n").filter((line) => line.startsWith(name));
      // tini, Latchkey, Postgres and its own.
      expect(lines("Uid:").length).toBeGreaterThan(5);
      expect(new Set(lines("Uid:"))).toEqual(new Set(["Uid:\t1000\t1000\t1000\t1000"]));
      expect(new Set(lines("CapEff:"))).toEqual(new Set(["CapEff:\t0000000000000000"]));
      expect(() => container.exec("touch", "/app/written")).toThrow("Read-only file system");
    });

    it("answers its own health check, which fails where nobody listens", () => {
      const command = JSON.parse(
        engineDoes(engine, ["inspect", "--format", "{{json .Config.Healthcheck.Test}}", container.name]),
      );
      expect(command.shift()).toBe("CMD");
      container.exec(...command);
      const elsewhere = ["exec", "-e", "PORT=1", container.name, ...command];
      expect(() => engineDoes(engine, elsewhere)).toThrow("ended with 1");
    });

    it("has its commands on the PATH", () => {
      const { ok, findings } = JSON.parse(container.exec("latchkey", "doctor", "--json"));
      expect(ok).toBe(true);
      expect(findings).toContainEqual(expect.objectContaining({ about: "Proxy", state: "ok" }));
      const kept = container.exec(
        "sh",
        "-c",
        "latchkey backup /tmp/backup && latchkey restore --check /tmp/backup",
      );
      expect(kept).toContain("The backup is whole");
    });

    it("has neither npm nor a compiler nor a source map in it", () => {
      expect(container.exec("sh", "-c", "command -v npm npx gcc tsc python3 || true")).toBe("");
      const needless = "find /app \\( -name '*.map' -o -name '*.ts' -o -name '*.a' \\) -type f";
      expect(container.exec("sh", "-c", needless)).toBe("");
    });

    it("refuses the volume to a second container, and goes on", async () => {
      const [volume = ""] = volumes.slice(-1);
      const second = await start(IMAGE, volume);
      expect(await second.ended()).toBe(1);
      expect(second.printed).toContain("in another container, perhaps");
      container.exec("latchkey", "audit", "verify");
      expect((await fetch(`${container.origin}/readyz`)).status).toBe(200);
    });

    it("comes back when its Postgres is killed, and leaves no dead process uncollected", async () => {
      container.exec("sh", "-c", "kill -9 $(head -n 1 /data/postgres/postmaster.pid)");
      const isReady = async () => (await fetch(`${container.origin}/readyz`)).ok;
      await until("it is not ready", async () => !(await isReady()));
      await until("it is ready again", isReady, 30_000);
      expect(container.exec("sh", "-c", "cat /proc/[0-9]*/stat")).not.toMatch(/\) Z /);
    });

    it("answers a request under way after SIGTERM, and ends with 0 in less than ten seconds", async () => {
      const usual = (await sendForm(container.origin, async () => {})).status;
      let began = 0;
      let ended: Promise<number | null> | undefined;
      const late = await sendForm(container.origin, async () => {
        began = Date.now();
        ended = container.end("SIGTERM");
        await until("it stops", () => container.printed.includes("Stopping"));
      });
      expect(late.status).toBe(usual);
      expect(await ended).toBe(0);
      expect(Date.now() - began).toBeLessThan(10_000);
    });
  });

  it("ends with the program's own code: 1 for a configuration it refuses, 137 where the program is killed", async () => {
    const refused = await start(IMAGE, newVolume(), { options: ["-e", "PORT=none"] });
    expect(await refused.ended()).toBe(1);
    expect(refused.printed).toContain("PORT");
    const killed = await start(IMAGE, newVolume());
    try {
      killed.exec("sh", "-c", "kill -9 $(cat /proc/1/task/1/children)");
    } catch {
      // The engine may have removed the container before it asks how the command ended.
    }
    expect(await killed.ended()).toBe(137);
  });

  it(
    `killed ${KILLS} times with all that is in it, it starts again on its volume with every answered change`,
    async () => {
      const volume = newVolume();
      let container = await start(IMAGE, volume);
      const { port } = container;
      const somebody = await setUp(container);
      let [saved, sending] = [0, 0];
      for (let kill = 0; kill < KILLS; kill++) {
        const saving = (async () => {
          for (;;) {
            await somebody.open("/profile");
            sending = saved + 1;
            await somebody.fill("First Name", `Name ${sending}`).press("Save Changes");
            if (somebody.status !== 200) throw new Error(`A save was answered with ${somebody.status}`);
            saved = sending;
          }
        })().catch(() => undefined);
        const before = saved;
        await until("something is saved", () => saved > before);
        await pause(Math.random() * 300);
        expect(await container.end("SIGKILL")).toBe(137);
        await saving;
        container = await start(IMAGE, volume, { port });
        expect(container.runs).toBe(true);
        const shown = Number(
          (await somebody.tab().open("/profile")).value("First Name").replace("Name ", ""),
        );
        expect([saved, sending]).toContain(shown);
        saved = shown;
      }
      expect(container.exec("latchkey", "audit", "verify")).toContain("intact");
    },
    60_000 + KILLS * 30_000,
  );

  it("goes on in the next version's image on the same volume, after which this one refuses it", async () => {
    const volume = newVolume();
    const before = await start(IMAGE, volume);
    const { port } = before;
    const somebody = await setUp(before);
    const page = await somebody.open("/profile").then((profile) => profile.press("Generate API Key"));
    const key = page.value("API key");
    expect(await before.end("SIGTERM")).toBe(0);

    const after = await start(NEXT, volume, { port });
    expect((await somebody.open("/profile")).value("Last Name")).toBe("Lovelace");
    const headers = { "x-api-key": key };
    expect((await fetch(`${after.origin}/v1/authentication/verify`, { headers })).status).toBe(200);
    expect(await after.end("SIGTERM")).toBe(0);

    const back = await start(IMAGE, volume, { port });
    expect(await back.ended()).toBe(1);
    expect(back.printed).toContain("The database was made by a newer Latchkey");
  }, 120_000);
});

/** Sends a form to sign in, and does something else when it is half there; the answer's status is the program's own. */
async function sendForm(
  origin: string,
  halfWay: () => Promise<void>,
): Promise<{ status: number | undefined }> {
  const body = "email=ada%40example.com&password=none";
  const type = "application/x-www-form-urlencoded";
  const headers = { "content-type": type, "content-length": body.length };
  const form = request(`${origin}/sign-in`, { method: "POST", headers });
  form.write(body.slice(0, 10));
  await pause(500);
  await halfWay();
  form.end(body.slice(10));
  const [answer] = (await once(form, "response")) as [IncomingMessage];
  answer.resume();
  return { status: answer.statusCode };
}

/** A folder to build the image of a later version from: with one more migration. */
function nextVersion(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "latchkey-next-image-"));
  writeFileSync(
    path.join(folder, "0999_next.sql"),
    "-- Up Migration\nalter table people add column pronouns text;\n",
  );
  writeFileSync(path.join(folder, "Dockerfile"), `FROM ${IMAGE}\nCOPY 0999_next.sql migrations/\n`);
  return folder;
}

async function setUp({ origin, setUpAddress }: Container): Promise<Visitor> {
  const address = new URL(setUpAddress);
  const visitor = await new Visitor(origin).open(address.pathname + address.search);
  visitor.fill("First Name", "Name 0").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
  await visitor.fill("Password", PASSWORD).press("Create administrator");
  await visitor.fill("One-time code", generateSync({ secret: setupKey(visitor) })).press("Verify");
  return visitor;
}

async function removeAll(engine: Engine, containers: Container[], volumes: string[]): Promise<void> {
  for (const container of containers) if (container.runs) await container.end("SIGKILL");
  for (const volume of volumes) engineDoes(engine, ["volume", "rm", "-f", volume]);
}
