import { type Resource } from "@pulumi/pulumi";

import { type ClusterSettings } from "./settings";

/** What the functions that make the component's children share. */
export interface Site {
  /** Logical name of the component, first part of its children's. */
  readonly name: string;
  readonly component: Resource;
  readonly settings: ClusterSettings;
}
