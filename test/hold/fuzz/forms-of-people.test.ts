import { pageRoutes } from "../../../src/routes";
import { ADMINISTRATOR_ROWS, PEOPLE_ROWS, SET_UP_ROWS } from "./rows";
import { tryEach } from "./try-rows";
import { openEmptyWorld } from "./world";

jest.setTimeout(3_600_000);

it("has a row for each form there is", () => {
  const posts = (all: (readonly [string, string, ...unknown[]])[]) =>
    [...new Set(all.filter(([method]) => method === "POST").map(([, path]) => path))].sort();
  const rows = [...SET_UP_ROWS, ...PEOPLE_ROWS, ...ADMINISTRATOR_ROWS];
  expect(posts(rows.map(({ method, path }) => [method, path]))).toEqual(posts(pageRoutes));
});

tryEach("people", PEOPLE_ROWS);
tryEach("whoever sets it up", SET_UP_ROWS, openEmptyWorld);
