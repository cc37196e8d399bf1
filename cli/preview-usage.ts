import { type CommandUsage } from "./usage";

/** What all have that drive Pulumi's engine. */
const engine = {
  "--program DIR": "the checkout to deploy. Default: the one that this command belongs to",
  "--base STACK": "whose cluster is shared. Default: previewBase in Pulumi.yaml",
  "--wait 30m": "how long to wait for whoever works on the same preview",
  "--take-over": "whoever holds the stack's lock is known to be gone: break it",
} as const;

const pullRequest = { "--pr N": "the pull request's number" } as const;
const codes = "Exit code: 0 fine, 1 something failed, 2 wrong usage.";
const reviewCodes =
  "Exit code: 0 fine, 1 something failed, 2 wrong usage, 3 fine, but merging breaks guarantees or leaves them unproved.";

/** Help of each command about previews. */
export const previewUsages = {
  "preview up": {
    synopsis: [
      "preview up --pr N [--commit SHA] [--owner LOGIN] [--image NAME=REFERENCE]… [--images FILE] [--ttl 72h]",
      "[--cluster shared|own] [--base STACK] [--report FILE] [--planned FILE]",
    ],
    summary: "deploys a pull request, or updates it after a push",
    options: {
      ...pullRequest,
      "--commit SHA": "the commit that --program holds. Default: what is checked out there",
      "--owner LOGIN": "who answers for it. Default: GITHUB_ACTOR",
      "--image NAME=REFERENCE":
        "run this image, REGISTRY/PATH@sha256:…, in place of the application's NAME. May be given several times",
      "--images FILE": "run those that `preview images` has built for this pull request",
      "--ttl 72h": "its time, after which the reaper removes it",
      "--cluster WHICH": "shared (default), or own",
      "--report FILE": "write what came of it, for `preview comment`",
      "--planned FILE":
        "write what was planned, for `preview review` where no code of the pull request runs; nothing is reviewed here then",
      ...engine,
    },
    values: { "--cluster": ["shared", "own"] },
    example: "aks-mesh preview up --pr 12",
    codes: reviewCodes,
  },
  "preview images": {
    synopsis: [
      "preview images --pr N --commit SHA --registry REGISTRY/PATH --output FILE [--program DIR] [--base STACK]",
    ],
    summary: "builds and pushes the images that the application says how to build, and writes their digests",
    options: {
      ...pullRequest,
      "--commit SHA": "the commit that --program holds: their tag",
      "--registry REGISTRY/PATH": "one of previewRegistries or below one; they go to pr-N/NAME there",
      "--output FILE": "for `preview up --images`",
      "--program DIR":
        "the checkout with their sources, whose code this runs. Default: the one that this command belongs to",
      "--base STACK": "whose application it is. Default: previewBase in Pulumi.yaml",
    },
    example:
      "aks-mesh preview images --pr 12 --commit 0123456789abcdef0123456789abcdef01234567 --registry acme.azurecr.io/previews --output images.json",
    codes,
  },
  "preview digest": {
    synopsis: ["preview digest REFERENCE…"],
    summary: "what tags mean now: the same references with the digest, as `preview up --image` takes them",
    options: {},
    example: "aks-mesh preview digest acme.azurecr.io/previews/cart:1.2",
    codes,
  },
  "preview down": {
    synopsis: ["preview down --pr N [--attempts 3] [--report FILE] [--comment]"],
    summary: "removes a preview",
    options: {
      ...pullRequest,
      "--attempts 3": "how often it is tried",
      "--report FILE": "write what came of it, for `preview comment`",
      "--comment": "say on the pull request what is left",
      ...engine,
    },
    example: "aks-mesh preview down --pr 12",
    codes,
  },
  "preview status": {
    synopsis: ["preview status [--json]"],
    summary: "all previews: age, end of life, address, health",
    options: { "--json": "for machines", ...engine },
    example: "aks-mesh preview status",
    codes,
  },
  "preview reap": {
    synopsis: ["preview reap [--dry-run] [--comment] [--pr N] [--reports DIR]"],
    summary: "removes previews past their end or whose pull request is closed",
    options: {
      "--dry-run": "say which; in a workflow their numbers go to the next jobs",
      "--comment": "say on each pull request what came of it",
      "--pr N": "this one alone",
      "--reports DIR": "write what came of each, for `preview comment`",
      "--attempts 3": "how often each is tried",
      ...engine,
    },
    example: "aks-mesh preview reap --dry-run",
    codes,
  },
  "preview publish": {
    synopsis: ["preview publish [--base STACK] [--resources FILE]"],
    summary:
      "writes what previews may know of the stack that they share, its state without secrets, where they read it",
    options: { "--resources FILE": "write what of it a review reads, for `preview review`", ...engine },
    example: "AKS_MESH_BASE_BACKEND_URL=azblob://shared?storage_account=NAME aks-mesh preview publish",
    codes,
  },
  "preview review": {
    synopsis: ["preview review --pr N --commit SHA --planned FILE [--resources FILE] --output FILE"],
    summary: "who may call whom, guarantees and costs, from what another job planned; runs no code of the pull request",
    options: {
      ...pullRequest,
      "--commit SHA": "the commit that was planned",
      "--planned FILE": "as preview up wrote it",
      "--resources FILE":
        "the stack that the pull request is meant for, as preview publish wrote it. Default: there is none",
      "--output FILE": "write the review, for `preview comment`",
    },
    example:
      "aks-mesh preview review --pr 12 --commit $COMMIT --planned planned.json --resources base.json --output review.json",
    codes: reviewCodes,
  },
  "preview comment": {
    synopsis: [
      "preview comment --pr N --report FILE [--review FILE | --no-review] [--dry-run]",
      "preview comment --pr N --no-report [--commit SHA] | --reports DIR [--only NUMBERS]",
    ],
    summary: "writes what a report holds on the pull request",
    options: {
      ...pullRequest,
      "--report FILE": "as preview up wrote it",
      "--review FILE": "as preview review wrote it; what the report itself says of that counts for nothing then",
      "--no-review": "it was to be reviewed apart, and was not",
      "--no-report": "the workflow's run failed before it had one",
      "--commit SHA": "which commit that run was about",
      "--reports DIR": "all that preview reap left there",
      "--only NUMBERS": "of these pull requests, a JSON list, each from the folder report-NUMBER",
      "--dry-run": "print the comment instead",
    },
    example: "aks-mesh preview comment --pr 12 --report report.json --dry-run",
    codes,
  },
  "preview admit": {
    synopsis: ["preview admit --event FILE [--expect SHA]"],
    summary: "may this event of GitHub start a preview, and of which commit?",
    options: {
      "--event FILE": "$GITHUB_EVENT_PATH in a workflow",
      "--expect SHA": "end with 1 unless this commit is admitted",
    },
    example: 'aks-mesh preview admit --event "$GITHUB_EVENT_PATH"',
    codes,
  },
} as const satisfies Readonly<Record<string, CommandUsage>>;
