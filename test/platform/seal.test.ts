import { makeSeal, SealBroken } from "../../src/platform/seal";

const seal = makeSeal("a secret of at least thirty-two characters");
const sealed = seal.close(Buffer.from("JBSWY3DPEHPK3PXP"), "second-factor:1");

describe("a sealed secret", () => {
  it("opens for its purpose", () => {
    expect(seal.open(sealed, "second-factor:1").toString()).toBe("JBSWY3DPEHPK3PXP");
  });

  it("looks different every time, and never like what is inside", () => {
    expect(seal.close(Buffer.from("JBSWY3DPEHPK3PXP"), "second-factor:1").equals(sealed)).toBe(false);
    expect(sealed.toString("latin1")).not.toContain("JBSWY3");
  });

  it("does not open for another person, under another secret, or changed in any byte", () => {
    expect(() => seal.open(sealed, "second-factor:2")).toThrow(SealBroken);
    expect(() =>
      makeSeal("another secret of thirty-two characters!").open(sealed, "second-factor:1"),
    ).toThrow(SealBroken);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(() => seal.open(changed, "second-factor:1")).toThrow(SealBroken);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => seal.open(sealed.subarray(0, length), "second-factor:1")).toThrow(SealBroken);
    }
  });

  it("does not open where it is cut so short that four bytes are all that could be checked", () => {
    // Made for this key: as a tag of four bytes, which GCM allows, these would be the right ones.
    const purpose = "aaaacacacaccacaccaaccaccccacaacaacacaaaaaaaaaaaa";
    expect(seal.tryOpen(Buffer.of(1, 2, 3, 4), purpose)).toBeUndefined();
  });
});

describe("a seal with several secrets", () => {
  const [old, newer] = [
    "the older of two secrets, long enough",
    "the newer of two secrets, long enough",
  ] as const;
  const both = makeSeal(newer, old);

  it("seals under the first and opens what each has sealed, saying which", () => {
    const under = (secret: string) => makeSeal(secret).close(Buffer.from("x"), "letter");
    expect(both.tryOpen(under(newer), "letter")).toEqual({ plain: Buffer.from("x"), place: 0 });
    expect(both.tryOpen(under(old), "letter")).toEqual({ plain: Buffer.from("x"), place: 1 });
    expect(both.open(under(old), "letter").toString()).toBe("x");
    const made = both.close(Buffer.from("y"), "letter");
    expect(makeSeal(newer).open(made, "letter").toString()).toBe("y");
    expect(makeSeal(old).tryOpen(made, "letter")).toBeUndefined();
    expect(both.tryOpen(under(old), "parked-form:1")).toBeUndefined();
    expect(both.tryOpen(under("a third secret, which is in no list at all"), "letter")).toBeUndefined();
  });

  it("is named by its first secret alone", () => {
    expect(both.id).toBe(makeSeal(newer).id);
    expect(both.id).not.toBe(makeSeal(old).id);
    expect(both.id).toMatch(/^[0-9a-f]{16}$/);
  });
});
