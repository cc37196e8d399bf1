import { type Unread } from "../analysis/mesh";
import { describeObject } from "../manifests";
import { isSelected } from "../network-policies/selector";
import { type IstioState } from "./state/cluster";
import { unreadEntries } from "./unread-entries";

/** An object of which istiod makes what is not followed. */
export interface NotFollowed extends Unread {
  /** Name of the finding that says so. */
  readonly rule: string;
  readonly why: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** What single fields say that is not followed. Kinds of which nothing is are told elsewhere. */
export function notFollowed(state: IstioState): readonly NotFollowed[] {
  return [...unreadEntries(state), ...otherWays(state), ...egressProxies(state), ...notDiscovered(state)];
}

/** DestinationRules by which sidecars call somebody else than the pods of the host, or speak otherwise. */
function otherWays({ destinationRules }: IstioState): readonly NotFollowed[] {
  return destinationRules.flatMap(({ object, otherWay }): readonly NotFollowed[] =>
    otherWay === undefined
      ? []
      : [
          {
            object,
            namespace: undefined,
            layer: "sidecar",
            rule: "destination-not-followed",
            why: `By ${otherWay} of ${describeObject(object)} sidecars do not speak to the host's pods as else: whom they reach, and how they prove who they are, is not followed.`,
            remedy: `Take ${otherWay} out.`,
          },
        ],
  );
}

/** Sidecars that lead calls to what they do not know through a proxy. */
function egressProxies({ sidecars, rootNamespace }: IstioState): readonly NotFollowed[] {
  return sidecars
    .filter(({ hasEgressProxy }) => hasEgressProxy)
    .map(({ object, namespace }) => ({
      object,
      namespace: namespace === rootNamespace ? undefined : namespace,
      layer: "sidecar",
      rule: "egress-proxy-not-followed",
      why: `By outboundTrafficPolicy.egressProxy of ${describeObject(object)} calls to hosts that nothing names go to a proxy, which is not followed.`,
      remedy: "Write ServiceEntries for the hosts that are called, and REGISTRY_ONLY.",
    }));
}

/** Every namespace has it, and nobody can change it (Kubernetes' well-known labels). */
const nameLabel = "kubernetes.io/metadata.name";

/** Namespaces of which istiod sees nothing, or of which no object tells whether it does (pkg/kube/namespace/filter.go). */
function notDiscovered(state: IstioState): readonly NotFollowed[] {
  const { namespaces, pods, services, rootNamespace } = state;
  const { discovery } = state.settings;
  if (discovery === undefined || discovery.selectors.length === 0) return [];
  const { object, selectors } = discovery;
  const policies = [...state.authorizationPolicies, ...state.peerAuthentications, ...state.requestAuthentications];
  const routing = [...state.virtualServices, ...state.destinationRules, ...state.serviceEntries, ...state.sidecars];
  const all = [...pods, ...services.values(), ...policies, ...routing];
  const names = new Set([...namespaces.keys(), ...all.map(({ namespace }) => namespace)]);
  return [...names].flatMap((name): readonly NotFollowed[] => {
    const shown = namespaces.get(name);
    const labels = { ...shown?.labels, [nameLabel]: name };
    const known = { labels, complete: shown !== undefined };
    if (selectors.some((selector) => isSelected(selector, known) === "yes")) return [];
    return [
      {
        object,
        // What the root namespace says is for all.
        namespace: name === rootNamespace ? undefined : name,
        layer: "sidecar",
        rule: "namespace-not-discovered",
        why:
          shown === undefined
            ? `No Namespace object tells whether the discoverySelectors of ${describeObject(object)} take namespace ${name} in, of which istiod sees nothing otherwise.`
            : `The discoverySelectors of ${describeObject(object)} leave namespace ${name} out: istiod sees no Service, pod or policy there, which is not followed.`,
        remedy:
          shown === undefined ? "Show the Namespace with its labels." : "Give the namespace a label that they ask for.",
      },
    ];
  });
}
