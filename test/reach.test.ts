import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import path from "node:path";
import { pageRoutes, programRoutes } from "../src/routes";
import { openTestDesk, type TestDesk } from "./support/desk";
import { type Known, setUp } from "./support/people";
import { PostOffice } from "./support/post-office";
import { Visitor } from "./support/visitor";

const ROOT = path.join(__dirname, "..");
const connectTruly = Socket.prototype.connect;

let desk: TestDesk;
let office: PostOffice;
let ada: Known;
beforeAll(async () => {
  office = await PostOffice.open();
  desk = await openTestDesk({ smtpUrl: office.url, trustProxy: 1 });
  ada = await setUp(desk);
});
afterAll(async () => {
  await desk.close();
  await office.close();
});

/** Sends a request whose path no client would send as it stands, and returns the whole answer. */
async function sendAsItStands(target: string, cookie: string): Promise<{ status: number; text: string }> {
  const { port, host } = new URL(desk.origin);
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`);
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => (text += chunk));
  await once(socket, "close");
  return { status: Number(text.split(" ")[1]), text };
}

describe("an address that somebody gives", () => {
  it("is never gone to: the desk connects to Postgres and the mail server, whatever it is sent", async () => {
    let visits = 0;
    const bait = createServer((socket) => {
      visits++;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(bait, "listening");
    const { port } = bait.address() as { port: number };
    const to = `http://127.0.0.1:${port}/latest/meta-data`;
    const went = new Map<string, string>();
    const spy = jest.spyOn(Socket.prototype, "connect").mockImplementation(function (this: Socket, ...given) {
      const [first] = Array.isArray(given[0]) ? given[0] : given;
      const place = String(typeof first === "object" ? (first.port ?? first.path) : first);
      went.set(place, new Error(`Went to ${place}`).stack ?? "");
      return connectTruly.apply(this, given as never);
    });

    const headers = {
      origin: desk.origin,
      referer: to,
      forwarded: `for=127.0.0.1;host=127.0.0.1:${port}`,
      "x-forwarded-host": `127.0.0.1:${port}`,
      "x-forwarded-uri": to,
      "x-original-url": to,
      "x-callback-url": to,
    };
    const names =
      "return url uri next redirect callback webhook image avatar icon feed import name purpose reason".split(
        " ",
      );
    const query = new URLSearchParams(Object.fromEntries(names.map((name) => [name, to]))).toString();
    for (const visitor of [new Visitor(desk.origin), ada.visitor.tab()]) {
      for (const [method, address] of [...programRoutes, ...pageRoutes]) {
        if (address === "/sign-out") continue;
        const where = `${address.replace(":id", "0d9fdf5c-7d43-4d3c-9f6e-9a5f3f0d1c11")}?${query}`;
        if (method === "GET") await visitor.raw(where, { headers });
        else {
          const token = (await visitor.open("/confirm-password")).hidden("_csrf");
          await visitor.post(where, `${query}&_csrf=${encodeURIComponent(token)}`, headers);
        }
      }
    }
    // And where they are taken, kept and written about.
    const form = async (page: string, button: string, fields: Record<string, string>) => {
      await ada.visitor.open(page);
      for (const [label, value] of Object.entries(fields)) ada.visitor.fill(label, value);
      await ada.visitor.press(button);
      expect([page, ada.visitor.status]).toEqual([page, 200]);
    };
    await form("/profile", "Save Changes", { "First Name": to, "Last Name": to });
    await form("/admin/people/invite", "Send invitation", { Email: `grace@127.0.0.1.example` });
    await form("/admin/service-accounts", "Create service account", {
      Name: "nightly",
      Purpose: to,
      "Responsible person": ada.email,
    });
    await form("/profile/email", "Send link", { "New email": "ada@bait.example" });
    await office.next("grace@127.0.0.1.example");
    spy.mockRestore();
    bait.close();

    const may = [desk.origin, desk.databaseUrl, office.url].map((url) => new URL(url).port);
    expect(visits).toBe(0);
    // The visitors' own fetch may open a connection again that an earlier file of this process closed.
    const byDesk = [...went].filter(([, stack]) => !stack.includes("internal/deps/undici"));
    expect(byDesk.filter(([place]) => !may.includes(place))).toEqual([]);
    expect([...went.keys()]).toContain(new URL(office.url).port);
  });
});

describe("a file of the program", () => {
  const secret = (file: string) => readFileSync(path.join(ROOT, file), "utf8").slice(0, 60);
  const FILES = [
    "package.json",
    "views/layout.ejs",
    "migrations",
    "src/server.ts",
    "public/style.css",
    "Dockerfile",
  ];

  it.each([
    "/.git/HEAD",
    "/.git/config",
    "/.npmrc",
    "/.github/grafana-dashboard.json",
    "/.well-known/../.git/HEAD",
    ...FILES.map((file) => `/${file}`),
  ])("%s is served to nobody", async (file) => {
    for (const cookie of ["", ada.visitor.cookieHeader()]) {
      const { status, text } = await sendAsItStands(file, cookie);
      expect([file, status]).toEqual([file, 404]);
      expect(text).not.toContain("ref: refs/");
    }
  });

  it.each([
    "../package.json",
    "..%2fpackage.json",
    "..%2Fpackage.json",
    "%2e%2e/package.json",
    "..%5cpackage.json",
    "..\\package.json",
    "style.css/../../package.json",
    "%252e%252e%252fpackage.json",
    "/package.json",
    "//package.json",
    "%00../package.json",
    "style.css",
    "../public/style.css",
  ])("is not reached through /assets/%s", async (rest) => {
    const { status, text } = await sendAsItStands(`/assets/${rest}`, ada.visitor.cookieHeader());
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toContain('"dependencies"');
    expect(text).not.toContain(secret("public/style.css"));
  });

  it("that browsers are meant to have is served under the one name that a page gives it", async () => {
    const page = await new Visitor(desk.origin).open("/sign-in");
    const files = page.$("script[src], link[rel=stylesheet]").toArray();
    const addresses = files.map((file) => page.$(file).attr("src") ?? page.$(file).attr("href") ?? "");
    expect(addresses.length).toBeGreaterThan(1);
    for (const address of addresses) {
      expect((await sendAsItStands(address, "")).status).toBe(200);
      expect((await sendAsItStands(address.replace(/\.[0-9a-f]{10}\./, "."), "")).status).toBe(404);
    }
  });
});
