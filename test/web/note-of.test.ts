import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { openMetrics } from "../../src/platform/metrics";
import { pageRoutes, programRoutes } from "../../src/routes";
import { openNotes } from "../../src/web/note-of";
import { Scrape } from "../support/metrics";

const routes = [...programRoutes, ...pageRoutes];
const ID = "0d9fdf5c-7d43-4d3c-9f6e-9a5f3f0d1c11";

/** What requests with these methods and addresses are counted as. */
async function labelsOf(asked: [method: string, url: string][]): Promise<string[]> {
  return Promise.all(
    asked.map(async ([method, url]) => {
      const metrics = openMetrics();
      openNotes(metrics, routes)({ method, url } as IncomingMessage)(200, 0.01);
      const { text } = await metrics.read();
      const [answer] = new Scrape(text).samples.filter(({ name }) => name === "latchkey_http_requests_total");
      return `${answer?.labels.method} ${answer?.labels.route}`;
    }),
  );
}

const asked = ([method, path]: readonly [string, string, ...unknown[]]): [string, string] => [
  method,
  `${path.replace(/:\w+/g, ID)}?secret=${ID}`,
];

describe("an answer", () => {
  it("is counted under the pattern of its row of the table of routes, for every row", async () => {
    expect(routes.length).toBeGreaterThan(90);
    expect(await labelsOf(routes.map(asked))).toEqual(routes.map(([method, path]) => `${method} ${path}`));
  });

  it("is counted under the route that Express takes, however the address is written", async () => {
    const seen = new Map<string, string>();
    const app = express();
    app.set("query parser", "simple");
    for (const [method, path] of routes)
      app[method === "GET" ? "get" : "post"](path, (req, res) => {
        seen.set(`${req.method} ${req.originalUrl}`, path);
        res.end();
      });
    const server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const paths = [
      "/",
      "//",
      "/?a=/profile",
      "/PROFILE/",
      "/profile//",
      "//profile",
      "/profile/x",
      "/%70rofile",
      "/admin/people/",
      "/admin/people/invite",
      "/admin/people/Invite/",
      "/admin/people/invite/withdraw",
      "/admin/people/a.b-c~d",
      "/admin/people/%2F",
      "/admin/people/x/roles/",
      "/admin/people//roles",
      "/admin/people/x/y",
      "/admin/people/x/api-key/revoke",
      "/admin/service-accounts/x/api-key/generate",
      "/profile/sessions/x/end",
      "/profile/sessions/end-others",
      "/no/such/page",
      "/v1/me",
      "/v1/me/",
      "/constructor",
      "/__proto__",
    ];
    const all = paths.flatMap((path) =>
      ["GET", "HEAD", "POST"].map((method): [string, string] => [method, path]),
    );
    for (const [method, path] of all) {
      const sent = request({ port, method, path, host: "127.0.0.1" }).end();
      const [answer] = await once(sent, "response");
      await once(answer.resume(), "end");
    }
    server.close();
    const byExpress = all.map(([method, path]) => `${method} ${seen.get(`${method} ${path}`) ?? "unknown"}`);
    const told = await labelsOf(all);
    const lines = (labels: string[]) => all.map((pair, i) => `${pair.join(" ")} is ${labels[i]}`);
    expect(lines(told)).toEqual(lines(byExpress));
    expect(seen.size).toBeGreaterThan(20);
  });

  it("to an unknown address, for a file, or to another method has one name, however many there are", async () => {
    const many = Array.from({ length: 50 }, (_, n): [string, string][] => [
      ["GET", `/nothing/${n}`],
      ["GET", `/assets/style.${n}.css`],
      ["POST", `/profile/sessions/${n}`],
      [["PUT", "DELETE", "PROPFIND", "constructor"][n % 4] ?? "", `/profile/${n}`],
    ]).flat();
    expect([...new Set(await labelsOf(many))].sort()).toEqual([
      "GET assets",
      "GET unknown",
      "POST unknown",
      "other unknown",
    ]);
  });
});
