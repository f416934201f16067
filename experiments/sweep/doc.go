// Package sweep runs one simulation for every point of a space of configurations,
// policies and blocks, keeps each result under a name made of all that it depends on,
// and gives them as one table. A sweep can be stopped at any moment, goes on where it
// was, and can be spread over many hosts.
//
// For who works on results:
//
//	run, err := sweep.Open("runs/rob")
//	table, err := run.Table()
//	uipc, err := table.Numbers("uipc")
//
// Open, Run.Table and Table are meant to stay as they are.
package sweep
