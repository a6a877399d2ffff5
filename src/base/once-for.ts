/** Makes something of each thing once, and has it ready for as long as the thing is in use. It must not be changed. */
export function onceFor<Thing extends object, Made>(make: (thing: Thing) => Made): (thing: Thing) => Made {
  const made = new WeakMap<Thing, { it: Made }>();
  return (thing) => {
    let found = made.get(thing);
    if (!found) {
      found = { it: make(thing) };
      made.set(thing, found);
    }
    return found.it;
  };
}
