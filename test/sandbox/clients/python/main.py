"""Makes, reads, changes and deletes a group, a cluster and a pool with Microsoft's SDK for Python; fails where an answer is wrong.

Where Azure Resource Manager is and who it is comes from ARM_ENDPOINT, ARM_SUBSCRIPTION_ID, ARM_TENANT_ID, ARM_CLIENT_ID and
ARM_CLIENT_SECRET, and the authority that signed the server's certificate from REQUESTS_CA_BUNDLE.
"""

import os

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.resource import ResourceManagementClient

GROUP, CLUSTER = "python", "mesh"


def same(what, is_, wanted):
    if is_ != wanted:
        raise SystemExit(f"{what}: {is_!r}, not {wanted!r}")


def refused(code, call):
    """The call has to fail with this code."""
    try:
        call()
    except HttpResponseError as error:
        same("error code", error.error.code if error.error else None, code)
        return
    raise SystemExit(f"{code} was expected, and nothing failed")


def main():
    endpoint, subscription = os.environ["ARM_ENDPOINT"], os.environ["ARM_SUBSCRIPTION_ID"]
    credential = ClientSecretCredential(
        os.environ["ARM_TENANT_ID"],
        os.environ["ARM_CLIENT_ID"],
        os.environ["ARM_CLIENT_SECRET"],
        authority=endpoint,
        disable_instance_discovery=True,
    )
    options = {
        "base_url": endpoint,
        "credential_scopes": ["https://management.core.windows.net//.default"],
        "polling_interval": 1,
    }
    resources = ResourceManagementClient(credential, subscription, **options)
    client = ContainerServiceClient(credential, subscription, **options)

    group = resources.resource_groups.create_or_update(GROUP, {"location": "westeurope", "tags": {"team": "mesh"}})
    same("group", group.properties.provisioning_state, "Succeeded")
    same("groups", [each.name for each in resources.resource_groups.list()], [GROUP])

    cluster = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "dnsPrefix": "mesh",
            "kubernetesVersion": "1.34",
            "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4s_v5"}],
        },
    }
    made = client.managed_clusters.begin_create_or_update(GROUP, CLUSTER, cluster).result()
    same("cluster", made.provisioning_state, "Succeeded")

    def pool(**properties):
        return client.agent_pools.begin_create_or_update(GROUP, CLUSTER, "user", {"properties": properties}).result()

    pool(mode="User", count=2, enableAutoScaling=True, minCount=1, maxCount=3)
    fixed = pool(enableAutoScaling=False, count=3)
    same("autoscaling off", [fixed.count, fixed.enable_auto_scaling, fixed.min_count], [3, False, None])
    refused("PropertyChangeNotAllowed", lambda: pool(vmSize="Standard_D8s_v5"))
    refused("NodePoolMcVersionIncompatible", lambda: pool(orchestratorVersion="1.35"))

    # What was read is changed and put back whole, as many programs do.
    whole = client.managed_clusters.get(GROUP, CLUSTER)
    whole.kubernetes_version = "1.35"
    whole.tags = {"team": "mesh"}
    upgraded = client.managed_clusters.begin_create_or_update(GROUP, CLUSTER, whole).result()
    same("upgraded", upgraded.current_kubernetes_version, "1.35.4")
    same("pools", [each.current_orchestrator_version for each in client.agent_pools.list(GROUP, CLUSTER)], ["1.34.4"] * 2)
    kubeconfigs = client.managed_clusters.list_cluster_user_credentials(GROUP, CLUSTER).kubeconfigs
    same("kubeconfig", b"kind: Config" in kubeconfigs[0].value, True)

    client.agent_pools.begin_delete(GROUP, CLUSTER, "user").result()
    client.managed_clusters.begin_delete(GROUP, CLUSTER).result()
    refused("ResourceNotFound", lambda: client.managed_clusters.get(GROUP, CLUSTER))
    resources.resource_groups.begin_delete(GROUP).result()
    same("group exists", resources.resource_groups.check_existence(GROUP), False)


if __name__ == "__main__":
    main()
