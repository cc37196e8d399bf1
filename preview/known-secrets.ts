import { parseDocument } from "yaml";
import { isJsonObject } from "../mesh/manifests";
import { namesSecret } from "./comment";

/** Shorter values of the environment are words such as `true`, which would be hidden everywhere. */
const shortest = 8;

/** Variables that hold a key, beside those whose name says that they are secret. */
const keyName = /_(KEY|SAS)$/i;

/** Variables that say where a secret is, not what it is. */
const placeName = /_(FILE|PATH|URL|URI|DIR|ENDPOINT)$/i;

/** The secrets that a process was started with: what variables hold whose names say so. */
export function environmentSecrets(environment: NodeJS.ProcessEnv): string[] {
  return Object.entries(environment).flatMap(([name, value = ""]) =>
    (namesSecret(name) || keyName.test(name)) && !placeName.test(name) && value.length >= shortest ? [value] : [],
  );
}

/** Fields of kubeconfigs that hold a secret. */
const kubeconfigField = /^(client-key-data|client-certificate-data|token|password|id-token|refresh-token)$/;

/**
 * The texts in a value that is secret as a whole, such as a stack's output. Of a kubeconfig these are keys and tokens: its other lines are no
 * secrets, and stand in much that has to be read.
 */
export function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return isKubeconfig(value) ? kubeconfigSecrets(value) : [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isJsonObject(value) ? Object.values(value).flatMap(textsIn) : [];
}

const isKubeconfig = (text: string): boolean => /^kind: Config$/m.test(text) || /"kind":\s*"Config"/.test(text);

/** Keys and tokens of a kubeconfig. */
function kubeconfigSecrets(text: string): readonly string[] {
  const fields = (value: unknown, name: string): readonly string[] => {
    if (typeof value === "string") return kubeconfigField.test(name) ? [value] : [];
    if (Array.isArray(value)) return value.flatMap((one) => fields(one, name));
    return isJsonObject(value) ? Object.entries(value).flatMap(([key, one]) => fields(one, key)) : [];
  };
  const document: unknown = parseDocument(text).toJSON();
  return fields(document, "");
}
