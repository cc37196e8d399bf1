/** One command of the command line, as its help and the shells' completion show it. */
export interface CommandUsage {
  /** Its line after `aks-mesh`, options included. */
  readonly synopsis: readonly string[];
  /** What it does, in one line. */
  readonly summary: string;
  /** Options of its own, and what they mean. */
  readonly options: Readonly<Record<string, string>>;
  /** What an option takes, where these are all values that it does. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  readonly example: string;
  /** How it ends, where that is not as with the others. */
  readonly codes?: string;
}

/** Where the objects come from, alike for all commands that read any. */
const sources = {
  "--namespace NAME": 'where objects belong that name no namespace. Default: "default", and it is said',
  "--context NAME": "read the running cluster of this kubeconfig context instead of files: lists only, no Secret",
  "--mesh NAME": "osm or istio. Default: the mesh whose objects they are",
} as const;

const watch = { "--watch": "again after each change of the files, until Ctrl-C" } as const;

const json = { "--json": "for machines" } as const;

/** What options take that have the same name everywhere. */
const severities = { "--fail-on": ["error", "warning", "never"] } as const;

/** Help of each command but those about previews. */
export const commandUsages = {
  access: {
    synopsis: ["access FILES… [--json] [--svg FILE] [--html FILE] [--watch]"],
    summary: "who may call whom: the matrix of callers and services",
    options: {
      ...json,
      ...watch,
      "--svg FILE": "a picture",
      "--html FILE": "a page with the picture, a matrix and every route: search, fold, zoom",
      ...sources,
    },
    example: "aks-mesh access manifests/ --html access.html",
  },
  explain: {
    synopsis: [
      "explain FILES… --from NS/SA --to HOST:PORT",
      "[--method M] [--path P] [--header NAME=VALUE]… [--host H] [--tcp] [--tls] [--server-name NAME] [--principal NAME]",
      "[--limits] [--json]",
    ],
    summary: "what happens to one call, and which lines decide it",
    options: {
      "--from NS/SA":
        "who calls: namespace and service account; outside, or outside:IP, for callers outside of the mesh",
      "--to HOST:PORT": "what is called: a Service by any of its names, an address, or a host outside",
      "--method M": "default GET",
      "--path P": "default /",
      "--header NAME=VALUE": "may be given several times",
      "--host H": "Host header. Default: what --to says",
      "--tcp": "bytes that are not HTTP",
      "--tls": "TLS of the caller's own, with what --to names as its server name",
      "--server-name NAME": 'the same, with another server name, or none: ""',
      "--principal NAME":
        'the same, with a client certificate of the mesh\'s authority for this name; or --from "outside as NAME"',
      "--limits": "also the retries, timeouts, circuit breakers and rates that hold the call",
      ...json,
      ...sources,
    },
    example: "aks-mesh explain manifests/ --from shop/cart --to catalogue.shop:80 --path /items",
  },
  check: {
    synopsis: ["check FILES… [--format text|json|sarif|github] [--fail-on error|warning|never] [--watch]"],
    summary:
      "what the API server or the mesh will refuse, what the mesh will do that was probably not meant; guarantees",
    options: {
      "--format NAME": "text, json, sarif (2.1.0, for code scanning), or github (annotations in a workflow's log)",
      "--json": "the same as --format json",
      "--fail-on SEVERITY": "the least that ends with 1: error (default), warning, or never",
      ...watch,
      ...sources,
    },
    values: { ...severities, "--format": ["text", "json", "sarif", "github"] },
    example: "kubectl kustomize overlays/prod | aks-mesh check -",
    codes:
      "Exit code: 0 fine, or nothing as bad as --fail-on says; 1 findings; 2 wrong usage, or manifests that cannot be read and so were not checked.",
  },
  diff: {
    synopsis: ["diff BEFORE AFTER [--json] [--html FILE] [--exit-code] [--watch]"],
    summary: "what a change opens and closes, with a request each",
    options: {
      ...json,
      ...watch,
      "--html FILE": "a page with the picture of the change, each with its request",
      "--exit-code": "end with 1 where there is a change",
      "--namespace NAME": sources["--namespace NAME"],
      "--mesh NAME": "osm or istio, for both sides. Default: of each the mesh whose objects they are",
      "--context NAME": "BEFORE is the running cluster of this kubeconfig context: name only AFTER",
    },
    example: "aks-mesh diff main/manifests manifests --exit-code",
  },
  review: {
    synopsis: [
      "review FILES… [--base COMMIT] [--comment] [--sarif FILE] [--name NAME]",
      "[--fail-on error|warning|never]",
    ],
    summary: "what a workflow on GitHub says of a pull request: findings on their lines, and what it opens and closes",
    options: {
      "--base COMMIT": "compare with the same files of this commit, as git names it. Default: nothing is compared",
      "--comment": "write one comment on the pull request, with GITHUB_TOKEN",
      "--sarif FILE": "also write the findings as SARIF 2.1.0",
      "--name NAME": "tells several reviews of one pull request apart, each with a comment of its own",
      "--fail-on SEVERITY": "the least that ends with 1: error (default), warning, or never",
      "--namespace NAME": sources["--namespace NAME"],
      "--mesh NAME": sources["--mesh NAME"],
    },
    values: severities,
    example: "aks-mesh review k8s --base origin/main --sarif mesh.sarif",
    codes:
      "Exit code: 0 fine, or nothing as bad as --fail-on says; 1 findings; 2 wrong usage, or manifests that cannot be read and so were not checked.",
  },
  decide: {
    synopsis: ["decide FILES… [--limits] < requests.jsonl"],
    summary: "one verdict a line, for machines",
    options: {
      "--limits": "with the retries, timeouts, circuit breakers and rates that hold the call",
      ...sources,
    },
    example: `echo '{"from":"shop/cart","to":"catalogue.shop:80","path":"/items"}' | aks-mesh decide manifests/`,
  },
  observed: {
    synopsis: ["observed FILES… --prometheus ADDRESS [--since 1h] [--json]"],
    summary:
      "what sidecars counted beside what the policies say: calls that passed though forbidden, access that nobody used",
    options: {
      "--prometheus ADDRESS":
        "which has the series of docs/observability.md; with PROMETHEUS_TOKEN in the environment where it wants one, as Azure's does",
      "--since DURATION": "how far back is looked, such as 7d. Default 1h",
      ...json,
      ...sources,
    },
    example:
      "aks-mesh observed --context prod --prometheus https://shop-abcd.westeurope.prometheus.monitor.azure.com --since 7d",
    codes: "Exit code: 0 as meant, 1 something passed that should not, 2 it cannot be told.",
  },
  convert: {
    synopsis: [
      "convert FILES… --to istio [--out DIR]",
      "[--choose NS/SA=narrower|wider|exact]… [--allow-envoy-filter] [--keep-404] [--mesh-without-retries] [--revision NAME] [--json]",
    ],
    summary: "the objects of SMI and OSM as those of Istio, proved to let the same through",
    options: {
      "--to istio": "the mesh to convert to",
      "--out DIR": "a file for each namespace, instead of all on standard output",
      "--choose NS/SA=SIDE":
        "for an account of which Istio cannot say everything: let in less (narrower) or more (wider), which is written into the policy; or exact",
      "--allow-envoy-filter":
        "for exact, an EnvoyFilter with OSM's patterns; for rates, another: AKS allows them and does not support them",
      "--keep-404": "callers' sidecars answer 404 to what OSM answers so, by VirtualServices with OSM's patterns",
      "--mesh-without-retries":
        "the mesh's configuration has defaultHttpRetryPolicy: {attempts: 0}, so that no VirtualService has to say it",
      "--revision NAME": "also write the Namespaces of the manifests, with the label istio.io/rev: NAME",
      ...json,
      ...sources,
    },
    values: { "--to": ["istio"] },
    example: "aks-mesh convert manifests/ --to istio --out istio/",
  },
  migrate: {
    synopsis: [
      "migrate --stack NAME [--yes] [--back] [--save DIR] [--remove-leftovers]",
      "[--accept-changes] [--others-by-hand] [--json]",
    ],
    summary: "moves a running stack from Open Service Mesh to Istio, in place, after showing how",
    options: {
      "--stack NAME": "which stack of the Pulumi program",
      "--yes":
        "begin without a question, or go on where a run was cut off. Default: the plan, and on a terminal the question",
      "--back": "the way back to Open Service Mesh, from any step",
      "--save DIR": "where Open Service Mesh's objects are saved. Default: migration-NAME",
      "--remove-leftovers":
        "at the end also delete what Open Service Mesh left: its definitions and all objects of them",
      "--accept-changes": "begin although Istio's policies are not equal to what runs",
      "--others-by-hand": "begin although namespaces that are not the program's lose the mesh",
      ...json,
    },
    example: "aks-mesh migrate --stack dev",
    codes:
      "Exit code: 0 fine, or the plan alone; 1 something is in the way and nothing was changed; 2 wrong usage; 3 it stopped in between.",
  },
  rollout: {
    synopsis: ["rollout status|step|next|back --stack NAME [--root NS/SERVICE] [--prometheus ADDRESS] [--json]"],
    summary:
      "where a stack's phased rollouts stand; one step of them, as the gate says, at once, or back to the stable version",
    options: {
      "--stack NAME": "which stack of the Pulumi program",
      "--root NS/SERVICE": "of this Service alone. Default: every rollout of the stack",
      "--prometheus ADDRESS":
        "for status: also what sidecars counted since the last step; with PROMETHEUS_TOKEN where it wants one",
      ...json,
    },
    example: "aks-mesh rollout step --stack prod",
    codes:
      "Exit code: 0 fine, moved or not; 1 nothing was changed, as something else would change too, or it failed; 2 wrong usage; 3 a gate sent a canary back.",
  },
  completion: {
    synopsis: ["completion bash|zsh|fish"],
    summary: "a script for the shell, which then completes commands and options",
    options: {},
    example: "source <(aks-mesh completion bash)",
  },
  init: {
    synopsis: ["init NAME --from PATH [--namespace NAME]"],
    summary: "begins an application of one's own in stacks/NAME, from its manifests",
    options: {
      "--from PATH": "its manifests, a file or a folder of this repository",
      "--namespace NAME": sources["--namespace NAME"],
    },
    example: "aks-mesh init orders --from docs/orders",
    codes: "Exit code: 0 fine, 2 wrong usage, or manifests that cannot be read.",
  },
  deploy: {
    synopsis: ["deploy --stack NAME --plan FILE [--approved DIGEST]"],
    summary: "plans an update of a stack, or does what an approved plan says and nothing else",
    options: {
      "--stack NAME": "which stack",
      "--plan FILE": "where the plan goes; with --approved, where it is",
      "--approved DIGEST": "deploy the plan that was shown with this digest",
    },
    example: "aks-mesh deploy --stack prod --plan plan.json",
    codes:
      "Exit code: 0 planned or deployed, 1 something failed or is not as it was planned, 2 wrong usage, or another plan than the approved one.",
  },
  drift: {
    synopsis: ["drift --stack NAME"],
    summary: "has anybody changed what was deployed?",
    options: { "--stack NAME": "which stack of the Pulumi program" },
    example: "aks-mesh drift --stack prod",
  },
} as const satisfies Readonly<Record<string, CommandUsage>>;
