package leaks

import (
	"strings"
	"testing"
	"time"
)

func stay(until <-chan struct{}) { <-until }

func TestAwait(t *testing.T) {
	t.Parallel()
	names := []string{"nothing.", "leaks.stay("}
	until, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		stay(until)
	}()
	for !strings.Contains(await(time.Now(), names), "leaks.stay(") { // it may not have begun
	}
	if left := await(time.Now(), []string{"nothing."}); left != "" {
		t.Errorf("others are named: %s", left)
	}
	close(until)
	<-ended
	if left := await(time.Now().Add(10*time.Second), names); left != "" {
		t.Errorf("left: %s", left)
	}
}
