import { UsageError } from "../../cli/usage-error";

/** In place of the previews, which run a checkout's program by Pulumi. */
export function previewCommand(): never {
  throw new UsageError(
    "preview needs the program whose stacks it previews, and Pulumi: clone aks-mesh, run `npm ci` there, and use `npx aks-mesh preview` in that folder.",
  );
}
