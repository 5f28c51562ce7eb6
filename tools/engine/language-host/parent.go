package main

import (
	"context"
	"errors"
	"os"
	"time"
)

// parentPollInterval bounds how long the host outlives an engine that was killed.
const parentPollInterval = 500 * time.Millisecond

var errParentGone = errors.New("the engine has ended")

// untilParentEnds returns a context that is cancelled when the process that started this one is gone.
//
// A killed engine cannot tell its plugins. The kernel gives an orphan another parent at once, so a parent that
// is no longer the one at the start says that the engine has ended.
func untilParentEnds(ctx context.Context, parent int, current func() int, interval time.Duration) context.Context {
	watched, cancel := context.WithCancelCause(ctx)
	go func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-ticker.C:
				if current() != parent {
					cancel(errParentGone)
					return
				}
			}
		}
	}()
	return watched
}

// parentAtStart is read before anything else happens, so that an engine that dies early is noticed too.
var parentAtStart = os.Getppid()
