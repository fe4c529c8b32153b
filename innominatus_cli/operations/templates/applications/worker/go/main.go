// Does its work every PAUSE_SECONDS. Stops when it is asked to.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func work() {
	fmt.Println("working")
}

func main() {
	pause, err := time.ParseDuration(os.Getenv("PAUSE_SECONDS") + "s")
	if err != nil {
		pause = 30 * time.Second
	}
	stop, done := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer done()
	for {
		work()
		select {
		case <-stop.Done():
			return
		case <-time.After(pause):
		}
	}
}
