// What is done by the schedule.
package main

import "fmt"

func main() {
	fmt.Println("the job is done")
}
