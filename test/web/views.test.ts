import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openViews } from "../../src/web/views";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "latchkey-views-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function views(files: Record<string, string>, shared = {}) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, `${name}.ejs`), text);
  }
  return openViews(folder, shared);
}

describe("a view", () => {
  it("reads what it is given by name, escaped, and what all share", () => {
    const draw = views({ page: "<p><%= name %></p><%- mark %>" }, { mark: "<b></b>" });
    expect(draw("page", { name: `<i>"'&` })).toBe("<p>&lt;i&gt;&#34;&#39;&amp;</p><b></b>");
  });

  it("writes nothing for what it is not given, in texts and conditions, also by way of locals", () => {
    const draw = views({
      page: "<%= missing %>|<% if (locals.other) { %>x<% } %>|<%= locals.third ?? 'none' %>",
    });
    expect(draw("page", {})).toBe("||none");
  });

  it("may declare names of its own, and use those of JavaScript", () => {
    const draw = views({
      page: "<% const shown = items.map(({ label: text }) => text.toUpperCase()); for (const [i, item] of shown.entries()) { %><%= i %><%= item %><% } %><%= [0, ...items].length %><%= encodeURIComponent('ä') %><%= new URL('http://a/b').pathname %>",
    });
    expect(draw("page", { items: [{ label: "a" }, { label: "b" }] })).toBe("0A1B3%C3%A4/b");
  });

  it("takes no word in a text for a name of JavaScript that is then missing", () => {
    const draw = views({
      page: "<%= include('part', { label: 'Date and URL' }) %><%= new Date(0).getUTCFullYear() %>",
      part: "<%= label %>",
    });
    expect(draw("page", {})).toBe("Date and URL1970");
  });

  it("includes what lies beside it, else in the folder, which gets all it has and more", () => {
    const draw = views({
      "room/page":
        "<%- include('part', { extra: 1 }) %><%- include('parts/part') %><%- include('../parts/part') %>",
      "room/part": "beside <%= name %><%= extra %> ",
      "parts/part": "folder <%= name %><%= locals.extra %> ",
    });
    expect(draw("room/page", { name: "n" })).toBe("beside n1folder nfolder n");
  });

  it("that cannot be compiled is told of at once, and so is one that is not there", () => {
    expect(() => views({ broken: "<% if (x { %>" })).toThrow(/broken/);
    rmSync(path.join(folder, "broken.ejs"));
    expect(() => views({ page: "x" })("nowhere", {})).toThrow("There is no view nowhere");
  });
});
