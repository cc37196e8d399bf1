/** What an element is made of: text and elements; nothing for what is left out. */
export type Content = Node | string | undefined;

/** Attributes by name; those that are undefined are left out, true ones have no value. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element of HTML. Text is only ever text: nothing here reads markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...content.filter((one) => one !== undefined));
  return made;
}

/** An element of SVG. */
export function drawn<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...content: readonly Content[]
): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  made.append(...content.filter((one) => one !== undefined));
  return made;
}

function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    target.setAttribute(name, value === true ? "" : String(value));
  }
}

/** A button that does something. */
export function button(
  text: string,
  attributes: Attributes,
  act: () => void,
  ...content: readonly Content[]
): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, text, ...content);
  made.addEventListener("click", act);
  return made;
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no element ${id}.`);
  return found;
}

/** A number with its noun, as a reader says it. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
