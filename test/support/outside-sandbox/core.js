module.exports = globalThis.outsideSandbox.core;
