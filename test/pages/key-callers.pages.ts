import { BrowserDesk } from "../support/browser-desk";
import { journey } from "../support/browser-journey";
import { Person } from "../support/browser-person";
import { textOf } from "../support/browser-screen";
import { type Integration, integrations, run } from "../support/integrations";

const missing = integrations.filter(({ installed }) => !installed).map(({ name }) => name);
const skipped = missing.length > 0 ? ` (skipped: this machine has no ${missing.join(" and no ")})` : "";

let desk: BrowserDesk;
let ada: Person;
let key: string;
let dead: string;

const always = journey(() => desk?.screens);
const step = missing.length > 0 ? always.skip : always;

beforeAll(async () => {
  desk = await BrowserDesk.open();
  ada = new Person("Ada", "Lovelace", "ada@example.com", "Sunshine-Harbour-42", await desk.device({}));
  await ada.setUp(desk.program.setUpAddress);
});
afterAll(() => desk?.close());

const call = (integration: Integration, withKey: string) =>
  run(integration, `${desk.program.origin}/v1/authentication/verify`, ada.email, withKey);

/** The rows of the table of this caption by what called, each column's words under its name. */
async function rowsOf(caption: string): Promise<Map<string, Record<string, string>>> {
  const table = ada.screen.page.getByRole("table", { name: caption });
  const rows = new Map<string, Record<string, string>>();
  for (const row of await table.locator("tbody tr").all()) {
    const cells = await row.locator("td").all();
    const entries = await Promise.all(
      cells.map(async (cell) => [(await cell.getAttribute("data-column")) ?? "", await textOf(cell)]),
    );
    const found: Record<string, string> = Object.fromEntries(entries);
    const caller = integrations.find(({ client }) => client.test(found.Client ?? ""));
    const earlier = found.Client?.match(/with the earlier key \w+/)?.[0] ?? "";
    rows.set(`${caller?.name ?? found.Client} ${earlier}`.trim(), found);
  }
  return rows;
}

describe(`one key in three integrations: curl, a Python script and a Node script${skipped}`, () => {
  step("is accepted from all three", async () => {
    await ada.screen.press("Generate API Key");
    key = await ada.screen.field("API key").inputValue();
    await ada.screen.press("Done");
    for (const integration of integrations) expect(await call(integration, key)).toBe(200);
    await call(integrations[0] as Integration, key);
  });

  step("is listed with each of them, from where, when and how often, before it is regenerated", async () => {
    await ada.screen.visit("/profile");
    await ada.screen.press("Regenerate API Key");
    const rows = await rowsOf("Where the key is in use");
    expect([...rows.keys()].sort()).toEqual(["Node", "Python", "curl"]);
    for (const row of rows.values()) {
      expect(row.Address).toMatch(/^(127\.0\.0\.1|::1)$/);
      expect(row["First seen"]).toMatch(/^(today|yesterday) at \d\d:\d\d$/);
      expect(row["Last seen"]).toMatch(/^(today|yesterday) at \d\d:\d\d$/);
    }
    expect([...rows].map(([name, { Calls }]) => `${name} ${Calls}`).sort()).toEqual([
      "Node 1",
      "Python 1",
      "curl 2",
    ]);
  });

  step(
    "once regenerated is told of apart: the one that has come over, and the two that have not",
    async () => {
      dead = key;
      await ada.screen.press("Regenerate API Key");
      key = await ada.screen.field("API key").inputValue();
      await ada.screen.press("Done");
      for (const integration of integrations) {
        const moves = integration.name === "Python";
        expect(await call(integration, moves ? key : dead)).toBe(moves ? 200 : 401);
      }
      await ada.screen.visit("/profile");
      const now = [...(await rowsOf(`Who used the key ${dead.slice(0, 10)}`))].map(([name, { Now }]) => [
        name,
        Now,
      ]);
      expect(Object.fromEntries(now)).toEqual({
        Python: "Has come over",
        curl: "Still calls with the dead key (1 refused)",
        Node: "Still calls with the dead key (1 refused)",
      });
      expect([...(await rowsOf("Where the key is in use")).keys()]).toEqual(["Python"]);
    },
  );

  step(
    "shows one that has come over and still calls with the dead key too, as a copy left behind does",
    async () => {
      const [python] = integrations.filter(({ name }) => name === "Python");
      expect(await call(python as Integration, dead)).toBe(401);
      await ada.screen.visit("/profile");
      const rows = await rowsOf(`Who used the key ${dead.slice(0, 10)}`);
      expect(rows.get("Python")?.Now).toBe(
        "Has come over, but still calls with the dead key too (1 refused)",
      );
    },
  );

  step("once revoked is told of again, with those who call with an even earlier key since", async () => {
    await ada.screen.press("Revoke");
    await ada.screen.press("Revoke");
    for (const integration of integrations)
      expect(await call(integration, integration.name === "Python" ? key : dead)).toBe(401);
    await ada.screen.visit("/profile");
    const rows = await rowsOf(`Who used the key ${key.slice(0, 10)}`);
    const earlier = `with the earlier key ${dead.slice(0, 10)}`;
    expect(Object.fromEntries([...rows].map(([name, { Now }]) => [name, Now]))).toEqual({
      Python: "Still calls with the dead key (1 refused)",
      [`Python ${earlier}`]: "Has come over, but still calls with the dead key too (1 refused)",
      [`curl ${earlier}`]: "Still calls with the dead key (2 refused)",
      [`Node ${earlier}`]: "Still calls with the dead key (2 refused)",
    });
  });
});
