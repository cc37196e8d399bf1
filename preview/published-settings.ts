import { type Document, isMap, isPair, isScalar, visit } from "yaml";
import { hidden } from "./published-state";

/** Takes out of a stack's settings what only the key of its secrets can read, and which key that is. */
export function withoutSecrets(settings: Document): void {
  for (const key of ["secretsprovider", "encryptedkey", "encryptionsalt"]) settings.delete(key);
  visit(settings, {
    Pair: (_, pair) => {
      const { value } = pair;
      if (!isMap(value) || value.items.length !== 1) return undefined;
      const [only] = value.items;
      if (!isPair(only) || !isScalar(only.key) || only.key.value !== "secure") return undefined;
      pair.value = settings.createNode(hidden);
      return visit.SKIP;
    },
  });
}
