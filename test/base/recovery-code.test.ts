import { makeRecoveryCodes, normaliseRecoveryCode } from "../../src/base/recovery-code";

describe("a set of recovery codes", () => {
  it("is ten different codes of 16 letters and digits, 80 bits, that cannot be misread", () => {
    const codes = makeRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  });
});

describe("a typed recovery code", () => {
  it.each(["7K2M-QX4T-9DHW-3VRB", "7k2mqx4t9dhw3vrb", " 7K2M QX4T 9DHW 3VRB ", "7k2m--qx4t-9dhw-3vrb"])(
    "%j is one and the same",
    (typed) => {
      expect(normaliseRecoveryCode(typed)).toBe("7K2MQX4T9DHW3VRB");
    },
  );

  it("may have O for 0 and I or L for 1", () => {
    expect(normaliseRecoveryCode("OIL0-1111-0000-OOOO")).toBe("0110111100000000");
  });

  it("may have three groups, as those given out earlier", () => {
    expect(normaliseRecoveryCode(" 7k2m qx4t-9dhw")).toBe("7K2MQX4T9DHW");
  });

  it.each([
    "",
    "7K2M-QX4T",
    "7K2M-QX4T-9DHW-1",
    "7K2M-QX4T-9DHW-3VRB-1",
    "7K2M-QX4T-9DHU",
    "7K2M-QX4T-9DHW-3VRU",
    "ééééééééééé",
  ])("%j cannot be one", (typed) => {
    expect(normaliseRecoveryCode(typed)).toBeUndefined();
  });
});
