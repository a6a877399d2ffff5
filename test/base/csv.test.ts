import { csvLine } from "../../src/base/csv";

describe("a line of CSV", () => {
  it.each([
    [["a", "b"], "a,b"],
    [["a,b", 'say "hi"', "two\nlines", null, " x"], '"a,b","say ""hi""","two\nlines",," x"'],
    [["=1+1", "+1", "-1", "@a", "\tx", "\rx"], `'=1+1,'+1,'-1,'@a,'\tx,"'\rx"`],
    [['=HYPERLINK("http://evil")'], `"'=HYPERLINK(""http://evil"")"`],
    [["a=1"], "a=1"],
  ])("of %j", (cells, line) => {
    expect(csvLine(cells)).toBe(`${line}\r\n`);
  });
});
