package cluster

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"istio.io/istio/manifests"
	crdconversion "istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config/crd"
	"istio.io/istio/pkg/config/schema/collections"
	"istio.io/istio/pkg/config/schema/resource"
	"istio.io/istio/pkg/test/util/yml"
)

// schemas are the kinds' own, which the API server checks before the webhook is asked.
var schemas = sync.OnceValues(func() (*crd.Validator, error) {
	text, err := manifests.FS.ReadFile("charts/base/files/crd-all.gen.yaml")
	if err != nil {
		return nil, err
	}
	var definitions []apiextensions.CustomResourceDefinition
	for _, document := range yml.SplitString(string(text)) {
		var versioned apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(document), &versioned); err != nil {
			return nil, err
		}
		if versioned.Kind != "CustomResourceDefinition" {
			continue
		}
		var it apiextensions.CustomResourceDefinition
		if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(&versioned, &it, nil); err != nil {
			return nil, err
		}
		definitions = append(definitions, it)
	}
	return crd.NewValidatorFromCRDsWithOptions(definitions, crd.WithoutCRDValidation())
})

// created is when objects came to be that do not say it. Among objects of one age Istio goes by their names.
var created = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// admit takes an object over that the kind's schema and istiod's webhook let in.
func (o *Objects) admit(manifest json.RawMessage) error {
	checks, err := schemas()
	if err != nil {
		return err
	}
	var plain unstructured.Unstructured
	if err := plain.UnmarshalJSON(manifest); err != nil {
		return err
	}
	if plain.GetNamespace() == "" {
		plain.SetNamespace("default")
	}
	if err := checks.ValidateCustomResource(&plain); err != nil {
		return err
	}
	// The check has filled in defaults, as the API server does.
	stored, err := plain.MarshalJSON()
	if err != nil {
		return err
	}
	var object crdconversion.IstioKind
	if err := json.Unmarshal(stored, &object); err != nil {
		return err
	}
	gvk := object.GroupVersionKind()
	schema, known := collections.PilotGatewayAPI().FindByGroupKind(resource.FromKubernetesGVK(&gvk))
	if !known {
		return fmt.Errorf("istiod does not know this kind")
	}
	converted, err := crdconversion.ConvertObject(schema, &object, "cluster.local")
	if err != nil {
		return err
	}
	if _, err := schema.ValidateConfig(*converted); err != nil {
		return err
	}
	if converted.CreationTimestamp.IsZero() {
		converted.CreationTimestamp = created
	}
	o.Configs = append(o.Configs, *converted)
	return nil
}
