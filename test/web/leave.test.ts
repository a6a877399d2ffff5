import { once } from "node:events";
import type { AddressInfo } from "node:net";
import express from "express";
import type { Desk } from "../../src/web/desk";
import { leave } from "../../src/web/leave";

describe("leaving a page", () => {
  it.each([
    ["/profile?a=1", "/profile?a=1"],
    ["https://wiki.example.com/page", "https://wiki.example.com/page"],
    ["https://evil.example/", "/"],
    ["//evil.example/", "/"],
    ["/\\evil.example/", "/"],
    ["javascript:alert(1)", "/"],
  ])("to %s leads to %s, whatever its handler let through", async (path, location) => {
    const desk = { returnOrigins: new Set(["https://wiki.example.com"]) } as unknown as Desk;
    const server = express()
      .use((req, res) => leave({ req, res, desk }, path))
      .listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, location]);
    server.closeAllConnections();
    server.close();
  });
});
