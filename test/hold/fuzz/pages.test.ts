import { pageRoutes, programRoutes } from "../../../src/routes";
import { OPERATIONS } from "../../../src/web/api/operations";
import { PAGE_ROWS } from "./rows";
import { tryEach } from "./try-rows";

jest.setTimeout(3_600_000);

const addresses = PAGE_ROWS.flatMap(({ path, ends = [""] }) => ends.map((end) => path + end));

it("has a row for each page with something in its path", () => {
  const paths = [...pageRoutes, ...programRoutes].filter(
    ([method, path]) => method === "GET" && path.includes(":"),
  );
  expect(addresses).toEqual(expect.arrayContaining(paths.map(([, path]) => path)));
});

it("has a row for each parameter that programs are told of", () => {
  for (const { path, query } of OPERATIONS) {
    if (!query) continue;
    const row = PAGE_ROWS.find((each) => each.path === path);
    expect(Object.keys(row?.fields ?? {}).sort()).toEqual(Object.keys(query.shape).sort());
  }
});

tryEach("whoever opens pages", PAGE_ROWS);
