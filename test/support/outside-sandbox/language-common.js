module.exports = globalThis.outsideSandbox["language-common"];
