const { types } = require("node:util");
const { TestEnvironment } = require("jest-environment-node");

/** Jest's own environment, whose sandbox can load from outside: see libraries.js. */
module.exports = class extends TestEnvironment {
  constructor(...settings) {
    super(...settings);
    this.global.loadOutside = (file) => require(file);
    recogniseAcross(this.global);
  }
};

/** Makes `instanceof` hold across the wall of the sandbox, as it does where there is none. */
function recogniseAcross(realm) {
  recognise(realm.Date, types.isDate);
  recognise(realm.Error, types.isNativeError);
  recognise(realm.Promise, types.isPromise);
}

function recognise(Kind, isOne) {
  const bySide = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(Kind, Symbol.hasInstance, {
    // Subclasses inherit this; for them nothing changes.
    value(thing) {
      return bySide.call(this, thing) || (this === Kind && isOne(thing));
    },
  });
}

recogniseAcross(globalThis);
