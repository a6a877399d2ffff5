module.exports = globalThis.outsideSandbox.qrcode;
