/** One ValidatingAdmissionPolicy of the fence, bound to the whole cluster, that denies. Expressions are CEL. */
export interface FencePolicy {
  /** Last part of its name. */
  readonly name: string;
  /** What it is asked about. */
  readonly rules: readonly {
    readonly apiGroups: string[];
    readonly apiVersions: string[];
    readonly resources: string[];
    readonly operations: string[];
  }[];
  /** Only in namespaces that have this label. What is needed is looked for before the conditions are. Default: everywhere. */
  readonly labelled?: string;
  /** Which of these requests: all have to be true. */
  readonly conditions: Readonly<Record<string, string>>;
  /** An object that has to be there in the namespace of the request, and which the validations know as `params`. */
  readonly needs?: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  /** Values that later variables and the validations use. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What has to be true, by the sentence that is said where it is not. */
  readonly validations: Readonly<Record<string, string>>;
}

/** The name of a preview's namespace: `pr-`, the number of the pull request, and the rest. */
const previewNamespace = "^pr-[1-9][0-9]{0,8}-";

/** Whether a text of CEL is the name of a preview's namespace. */
export const isPreviewNamespace = (text: string): string => `${text}.matches('${previewNamespace}')`;

/** The number of the pull request, as text, of the namespace that a request is about. */
export const numberOfRequest = "request.namespace.split('-')[1]";

/** Requests about previews' namespaces, whoever asks: controllers make pods for others. */
export const inPreviews = {
  "a-preview-s-namespace": `has(request.namespace) && ${isPreviewNamespace("request.namespace")}`,
} as const;

/** Requests of one user. */
export const ofUser = (user: string) => ({
  "the-previews-identity": `request.userInfo.username == ${literal(user)}`,
});

/** Plain data as CEL has it. */
export function literal(value: string | number | readonly unknown[] | object): string {
  return JSON.stringify(value);
}
