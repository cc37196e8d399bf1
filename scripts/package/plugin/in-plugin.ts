/** Under this name the plugin tells the components, which are a file of their own, that it is one. */
const name = Symbol.for("aks-mesh: in the plugin for other languages");

/** Whether the components are the plugin's. */
export function inPlugin(): boolean {
  return Object.hasOwn(globalThis, name);
}

/** Makes those that are loaded after this the plugin's. */
export function enterPlugin(): void {
  Object.defineProperty(globalThis, name, { value: true });
}
