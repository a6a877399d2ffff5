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

  it("hands on what only a view further in reads, and what is given wins, also when it is undefined", () => {
    const draw = views({
      page: "<%- include('middle') %><%- include('middle', { name: 'given' }) %><%- include('middle', { name: undefined }) %>",
      middle: "[<%- include('inner', { other: 1 }) %>]",
      inner: "<%= locals.name ?? 'none' %><%= other %>",
    });
    expect(draw("page", { name: "outer", other: 2 })).toBe("[outer1][given1][none1]");
  });

  it("leaves no line behind where there is only code", () => {
    const draw = views({ page: "<ul>\n  <% for (const n of list) { %>\n  <li><%= n %>\n  <% } %>\n</ul>" });
    expect(draw("page", { list: [1, 2] })).toBe("<ul>\n<li>1\n<li>2\n</ul>");
  });

  it("that includes what is not there, or what it does not name, is told of at once", () => {
    expect(() => views({ page: "<%- include('nowhere') %>" })).toThrow("page includes nowhere");
    expect(() => views({ page: "<%- include(which) %>" })).toThrow(
      "page includes a view that it does not name",
    );
  });

  it("that cannot be compiled is told of at once, and so is one that is not there", () => {
    expect(() => views({ broken: "<% if (x { %>" })).toThrow(/broken/);
    rmSync(path.join(folder, "broken.ejs"));
    expect(() => views({ page: "x" })("nowhere", {})).toThrow("There is no view nowhere");
  });
});
