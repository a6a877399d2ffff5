module.exports = globalThis.outsideSandbox["language-en"];
