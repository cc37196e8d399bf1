import { isolationName } from "../../namespace-isolation";
import { type PreviewFenceArgs } from "../args";
import { secretsRole } from "../roles";
import { type FencePolicy, inPreviews, literal, numberOfRequest, ofUser } from "./policy";

/** What a user does, without what it plans in dry runs. */
const really = (user: string) => ({ ...ofUser(user), "no-dry-run": "!request.?dryRun.orValue(false)" });

/** A preview's namespaces have exactly its own number: what may talk to each other is said by that label. */
export function namespacePolicy({ user, label }: PreviewFenceArgs): FencePolicy {
  return {
    name: "namespaces",
    rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["namespaces"], operations: ["CREATE", "UPDATE"] }],
    conditions: { ...really(user), ...inPreviews },
    validations: {
      [`A preview's namespace has the label ${label} with the number in its name, from its creation on.`]: `object.metadata.?labels[${literal(label)}].orValue('') == ${numberOfRequest}`,
    },
  };
}

/** What isolates a namespace goes with the namespace alone. */
export function isolationPolicy({ user }: PreviewFenceArgs): FencePolicy {
  const rule = { apiVersions: ["v1"], operations: ["DELETE"] };
  return {
    name: "isolation",
    rules: [
      { ...rule, apiGroups: [""], resources: ["limitranges", "resourcequotas"] },
      { ...rule, apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"] },
    ],
    conditions: really(user),
    validations: {
      [`${isolationName} isolates the namespace: it goes with the namespace alone.`]: `request.name != '' && request.name != ${literal(isolationName)}`,
    },
  };
}

/** The one RoleBinding that a preview makes: it lets the previews' identity have Secrets in the preview's namespace. */
export function roleBindingPolicy({ user }: PreviewFenceArgs): FencePolicy {
  return {
    name: "role-bindings",
    rules: [
      {
        apiGroups: ["rbac.authorization.k8s.io"],
        apiVersions: ["v1"],
        resources: ["roles", "rolebindings"],
        operations: ["CREATE", "UPDATE"],
      },
    ],
    conditions: really(user),
    validations: {
      [`Previews bind the ClusterRole ${secretsRole} to their own identity, and nothing else.`]: [
        "request.resource.resource == 'rolebindings'",
        `object.roleRef.kind == 'ClusterRole' && object.roleRef.name == ${literal(secretsRole)}`,
        "size(object.subjects) == 1 && object.subjects[0].kind == 'User'",
        `object.subjects[0].name == ${literal(user)}`,
      ].join(" && "),
    },
  };
}
