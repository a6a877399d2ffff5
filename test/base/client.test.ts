import { clientAddress, clientName } from "../../src/base/client";

describe("the address of a client", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["::ffff:c000:0207", "192.0.2.7"],
    ["192.0.2.7:5555", "192.0.2.7"],
    ["[2001:db8::7]:443", "2001:db8::7"],
    ["[2001:db8::7]", "2001:db8::7"],
    ["[::ffff:192.0.2.7]:443", "192.0.2.7"],
    ["192.0.2.7:", null],
    ["192.0.2.7:x", null],
    ["[unknown]:443", null],
    ["2001:db8::7", "2001:db8::7"],
    [undefined, null],
    ["", null],
    ["unknown", null],
    ["<script>", null],
    ["1".repeat(7000), null],
  ])("%s is kept as %s", (address, kept) => {
    expect(clientAddress(address)).toBe(kept);
  });
});

describe("the name of a client", () => {
  it("is printable and at most 300 characters", () => {
    expect(clientName("curl/8.5\u0000\u202e<b>")).toBe("curl/8.5<b>");
    expect(clientName("x".repeat(9000))).toHaveLength(300);
    expect(clientName("  ")).toBeNull();
    expect(clientName(undefined)).toBeNull();
  });
});
