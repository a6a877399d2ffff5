const { TestEnvironment } = require("jest-environment-node");

const LIBRARIES = {
  qrcode: require("qrcode"),
  core: require("@zxcvbn-ts/core"),
  "language-common": require("@zxcvbn-ts/language-common"),
  "language-en": require("@zxcvbn-ts/language-en"),
};

/**
 * Jest's own environment, with a few libraries outside its sandbox: inside, drawing one QR code takes a quarter of a
 * second, and each test file would unpack the password dictionaries anew. They are the libraries themselves, no
 * stand-ins, and take and return plain text and numbers.
 */
module.exports = class extends TestEnvironment {
  constructor(...settings) {
    super(...settings);
    this.global.outsideSandbox = LIBRARIES;
  }
};
