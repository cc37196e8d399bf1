// Program go makes, reads, changes and deletes a cluster with Microsoft's SDK for Go, and fails where an answer is not as it should be.
//
// It takes where Azure Resource Manager is and who it is from ARM_ENDPOINT, ARM_SUBSCRIPTION_ID, ARM_TENANT_ID, ARM_CLIENT_ID and
// ARM_CLIENT_SECRET, and the authority that signed the server's certificate from SSL_CERT_FILE.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	aks "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v6"
)

const (
	group   = "go"
	cluster = "mesh"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	endpoint := os.Getenv("ARM_ENDPOINT")
	options := policy.ClientOptions{Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: endpoint,
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Audience: "https://management.core.windows.net/", Endpoint: endpoint},
		},
	}}
	credential, err := azidentity.NewClientSecretCredential(
		os.Getenv("ARM_TENANT_ID"), os.Getenv("ARM_CLIENT_ID"), os.Getenv("ARM_CLIENT_SECRET"),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: true})
	if err != nil {
		return err
	}
	factory, err := aks.NewClientFactory(os.Getenv("ARM_SUBSCRIPTION_ID"), credential, &arm.ClientOptions{ClientOptions: options})
	if err != nil {
		return err
	}
	clusters, pools := factory.NewManagedClustersClient(), factory.NewAgentPoolsClient()

	made, err := finished(clusters.BeginCreateOrUpdate(ctx, group, cluster, aks.ManagedCluster{
		Location: to.Ptr("westeurope"),
		Identity: &aks.ManagedClusterIdentity{Type: to.Ptr(aks.ResourceIdentityTypeSystemAssigned)},
		Properties: &aks.ManagedClusterProperties{
			DNSPrefix:         to.Ptr("mesh"),
			KubernetesVersion: to.Ptr("1.35"),
			AgentPoolProfiles: []*aks.ManagedClusterAgentPoolProfile{{
				Name: to.Ptr("system"), Mode: to.Ptr(aks.AgentPoolModeSystem), Count: to.Ptr[int32](1), VMSize: to.Ptr("Standard_D4s_v5"),
			}},
		},
	}, nil))
	if err != nil {
		return fmt.Errorf("create cluster: %w", err)
	}
	if err := same("cluster", *made.Properties.ProvisioningState, "Succeeded"); err != nil {
		return err
	}

	pool := func(properties aks.ManagedClusterAgentPoolProfileProperties) (aks.AgentPoolsClientCreateOrUpdateResponse, error) {
		return finished(pools.BeginCreateOrUpdate(ctx, group, cluster, "user", aks.AgentPool{Properties: &properties}, nil))
	}
	if _, err := pool(aks.ManagedClusterAgentPoolProfileProperties{
		Mode: to.Ptr(aks.AgentPoolModeUser), Count: to.Ptr[int32](2),
		EnableAutoScaling: to.Ptr(true), MinCount: to.Ptr[int32](1), MaxCount: to.Ptr[int32](3),
	}); err != nil {
		return fmt.Errorf("create pool: %w", err)
	}
	fixed, err := pool(aks.ManagedClusterAgentPoolProfileProperties{EnableAutoScaling: to.Ptr(false), Count: to.Ptr[int32](3)})
	if err != nil {
		return fmt.Errorf("autoscaling off: %w", err)
	}
	if fixed.Properties.MinCount != nil || *fixed.Properties.Count != 3 {
		return fmt.Errorf("autoscaling off: the pool has %d nodes and a lower bound of %v", *fixed.Properties.Count, fixed.Properties.MinCount)
	}
	_, err = pool(aks.ManagedClusterAgentPoolProfileProperties{VMSize: to.Ptr("Standard_D8s_v5")})
	if err := refused(err, http.StatusBadRequest, "PropertyChangeNotAllowed"); err != nil {
		return err
	}

	if _, err := finished(clusters.BeginUpdateTags(ctx, group, cluster, aks.TagsObject{Tags: map[string]*string{"team": to.Ptr("mesh")}}, nil)); err != nil {
		return fmt.Errorf("tags: %w", err)
	}
	got, err := clusters.Get(ctx, group, cluster, nil)
	if err != nil {
		return err
	}
	if err := same("tags and pools", fmt.Sprintf("%s %d", *got.Tags["team"], len(got.Properties.AgentPoolProfiles)), "mesh 2"); err != nil {
		return err
	}

	if _, err := finished(pools.BeginDelete(ctx, group, cluster, "user", nil)); err != nil {
		return fmt.Errorf("delete pool: %w", err)
	}
	if _, err := finished(clusters.BeginDelete(ctx, group, cluster, nil)); err != nil {
		return fmt.Errorf("delete cluster: %w", err)
	}
	_, err = clusters.Get(ctx, group, cluster, nil)
	return refused(err, http.StatusNotFound, "ResourceNotFound")
}

// finished waits for a long-running operation that has just been asked for.
func finished[T any](poller *runtime.Poller[T], err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return poller.PollUntilDone(context.Background(), &runtime.PollUntilDoneOptions{Frequency: time.Second})
}

func same(what, is, wanted string) error {
	if is == wanted {
		return nil
	}
	return fmt.Errorf("%s: %q, not %q", what, is, wanted)
}

// refused is nil where the error is the answer that was expected.
func refused(err error, status int, code string) error {
	var answer *azcore.ResponseError
	if errors.As(err, &answer) && answer.StatusCode == status && answer.ErrorCode == code {
		return nil
	}
	return fmt.Errorf("expected %d %s, not: %w", status, code, err)
}
