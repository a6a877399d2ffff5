import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import express from "express";
import { bornForExpress } from "../../src/web/born-for-express";

// What V8 itself says: whether an object has a fixed shape, or is a hash table.
setFlagsFromString("--allow-natives-syntax");
const hasFixedShape = new Function("object", "return %HasFastProperties(object)") as (
  object: object,
) => boolean;

it("a request and its answer have Express's prototypes before Express sees them, and a fixed shape", async () => {
  const app = express();
  const seen: boolean[] = [];
  const shapes: boolean[] = [];
  app.get("/", (req, res) => {
    res.json({ ip: req.ip, asked: req.get("x-asked"), query: req.query });
  });
  const server = createServer(bornForExpress(app), (req, res) => {
    seen.push(Object.getPrototypeOf(req) === app.request, Object.getPrototypeOf(res) === app.response);
    shapes.push(hasFixedShape(req), hasFixedShape(res));
    app(req, res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/?a=b`, { headers: { "x-asked": "yes" } });
  expect(await answer.json()).toEqual({ ip: "127.0.0.1", asked: "yes", query: { a: "b" } });
  expect(seen).toEqual([true, true]);
  expect(shapes).toEqual([true, true]);
  server.closeAllConnections();
  server.close();
});
