/** The first of some names, and how many more there are. */
export function few(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown} and ${String(names.length - most)} more` : shown;
}
