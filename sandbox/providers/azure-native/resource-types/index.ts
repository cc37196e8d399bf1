import { type ResourceTypes } from "../resource-type";
import { containerService } from "./container-service";
import { identity } from "./identity";
import { network } from "./network";
import { observability } from "./observability";
import { resources } from "./resources";
import { storageAndKeys } from "./storage-and-keys";

/** Every resource type that this provider translates. */
export const resourceTypes: ResourceTypes = {
  ...resources,
  ...containerService,
  ...identity,
  ...observability,
  ...network,
  ...storageAndKeys,
};
