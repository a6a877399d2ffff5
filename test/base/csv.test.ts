import { csvLine } from "../../src/base/csv";

describe("a line of CSV", () => {
  it.each([
    [["a", "b"], '"a","b"'],
    [["a,b", 'say "hi"', "two\nlines", null, " x"], '"a,b","say ""hi""","two\nlines",""," x"'],
    [["a;b", "a\tb"], '"a;b","a\tb"'],
    [["=1+1", "+1", "-1", "@a", "\tx", "\rx"], `"'=1+1","'+1","'-1","'@a","'\tx","'\rx"`],
    [['=HYPERLINK("http://evil")'], `"'=HYPERLINK(""http://evil"")"`],
    [["a=1", "Mozilla/5.0 (X11; Linux) -"], '"a=1","Mozilla/5.0 (X11; Linux) -"'],
    [['Mozilla/5.0;=HYPERLINK("x")'], `"Mozilla/5.0;'=HYPERLINK(""x"")"`],
    [["a\t=1", "a\r\n@b", "a; +1", 'a;"=1&"'], `"a\t'=1","a\r'\n'@b","a;' +1","a;'""=1&"""`],
  ])("of %j", (cells, line) => {
    expect(csvLine(cells)).toBe(`${line}\r\n`);
  });
});
