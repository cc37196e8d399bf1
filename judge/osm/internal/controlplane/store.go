package controlplane

import (
	"k8s.io/client-go/tools/cache"
)

// orderedStore is an informer's cache whose List has a known order. client-go's own lists a Go map, so that OSM sees the
// objects of one kind in a different order at every look; here the order can be chosen, to find what depends on it.
type orderedStore struct {
	cache.Store // the methods OSM never calls stay nil
	keys        []string
	byKey       map[string]interface{}
}

func newOrderedStore() *orderedStore {
	return &orderedStore{byKey: map[string]interface{}{}}
}

// clear empties the store.
func (s *orderedStore) clear() {
	s.keys = s.keys[:0]
	s.byKey = map[string]interface{}{}
}

// put adds an object at the end; one of the same key is replaced in its place.
func (s *orderedStore) put(key string, object interface{}) {
	if _, exists := s.byKey[key]; !exists {
		s.keys = append(s.keys, key)
	}
	s.byKey[key] = object
}

// promote moves one object to the front of the list.
func (s *orderedStore) promote(key string) {
	for index, candidate := range s.keys {
		if candidate == key {
			copy(s.keys[1:index+1], s.keys[:index])
			s.keys[0] = key
			return
		}
	}
}

// List implements cache.Store.
func (s *orderedStore) List() []interface{} {
	objects := make([]interface{}, 0, len(s.keys))
	for _, key := range s.keys {
		objects = append(objects, s.byKey[key])
	}
	return objects
}

// GetByKey implements cache.Store.
func (s *orderedStore) GetByKey(key string) (interface{}, bool, error) {
	object, exists := s.byKey[key]
	return object, exists, nil
}

// storeInformer is an informer that is always in step with its store.
type storeInformer struct {
	cache.SharedIndexInformer // the methods OSM never calls stay nil
	store                     *orderedStore
}

func (i storeInformer) Run(<-chan struct{})   {}
func (i storeInformer) HasSynced() bool       { return true }
func (i storeInformer) GetStore() cache.Store { return i.store }

func (i storeInformer) AddEventHandler(cache.ResourceEventHandler) (cache.ResourceEventHandlerRegistration, error) {
	return nil, nil
}
