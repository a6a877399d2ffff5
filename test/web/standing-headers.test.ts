import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import express from "express";
import { bornForExpress } from "../../src/web/born-for-express";
import { beginWith, beginWithout, bornToBegin, standingHeaders } from "../../src/web/standing-headers";

const standing = standingHeaders({
  "Cache-Control": "no-store",
  "X-Frame-Options": "DENY",
  "Strict-Transport-Security": "max-age=1",
});
const servers: Server[] = [];

async function headOf(listener: (res: ServerResponse) => void, born = true): Promise<string[]> {
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.use((_req, res) => listener(res));
  const server = createServer(born ? bornForExpress(app) : {}, app as RequestListener);
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.end("GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  return answer.slice(0, answer.indexOf("\r\n\r\n")).split("\r\n");
}

const named = (head: string[], name: string) =>
  head.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));

afterAll(() => {
  for (const server of servers) server.close();
});

describe.each([
  ["born for them", true],
  ["not born for them", false],
])("an answer %s", (_how, born) => {
  it("begins with its standing headers, each once", async () => {
    const head = await headOf((res) => {
      beginWith(res, standing);
      res.setHeader("Content-Type", "text/plain");
      res.end("yes");
    }, born);
    expect(head[0]).toBe("HTTP/1.1 200 OK");
    expect(head.filter((line) => !line.startsWith("Date: ")).sort()).toEqual([
      "Cache-Control: no-store",
      "Connection: close",
      "Content-Length: 3",
      "Content-Type: text/plain",
      "HTTP/1.1 200 OK",
      "Strict-Transport-Security: max-age=1",
      "X-Frame-Options: DENY",
    ]);
  });

  it.each<[string, (res: ServerResponse) => void]>([
    ["by name", (res) => res.setHeader("cache-control", "public").end()],
    ["with its head", (res) => res.writeHead(200, { "CACHE-CONTROL": "public" }).end()],
    [
      "in both ways",
      (res) => res.setHeader("X-More", "1").writeHead(200, { "Cache-Control": "public" }).end(),
    ],
  ])("says what is set on it %s instead", async (_where, answer) => {
    const head = await headOf((res) => {
      beginWith(res, standing);
      answer(res);
    }, born);
    expect(named(head, "Cache-Control").map((line) => line.toLowerCase())).toEqual(["cache-control: public"]);
    expect(named(head, "X-Frame-Options")).toEqual(["X-Frame-Options: DENY"]);
  });

  it("begins without one that is taken back, and the next one has it again", async () => {
    for (const times of [1, 2]) {
      const head = await headOf((res) => {
        beginWith(res, standing);
        for (let i = 0; i < times; i++) beginWithout(res, "Strict-Transport-Security");
        beginWithout(res, "X-Never");
        res.end();
      }, born);
      expect(named(head, "Strict-Transport-Security")).toEqual([]);
      expect(named(head, "Cache-Control")).toEqual(["Cache-Control: no-store"]);
    }
    const head = await headOf((res) => {
      beginWith(res, standing);
      res.end();
    }, born);
    expect(named(head, "Strict-Transport-Security")).toEqual(["Strict-Transport-Security: max-age=1"]);
  });
});

it("what no header can say is refused when it is written out", () => {
  expect(() => standingHeaders({ "X-Broken": "one\r\nSet-Cookie: two" })).toThrow(/X-Broken/);
  expect(() => standingHeaders({ "X Broken": "one" })).toThrow(/X Broken/);
});

it("where Node writes heads otherwise than known, they are set one by one", () => {
  class Answer extends ServerResponse {
    override writeHead(): this {
      Object.assign(this, { head: `HTTP/1.1 200 OK\r\n${JSON.stringify(this.getHeaders())}` });
      return this;
    }
  }
  bornToBegin(Answer);
  const res = new Answer({ method: "GET" } as IncomingMessage);
  beginWith(res, standing);
  expect(res.getHeader("X-Frame-Options")).toBe("DENY");
});

it("this Node writes heads as it is known to, so that they are one text", async () => {
  let set: string[] | undefined;
  await headOf((res) => {
    beginWith(res, standing);
    set = res.getHeaderNames();
    res.end();
  });
  expect(set).toEqual([]);
});
