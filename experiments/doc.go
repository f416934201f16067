// Package experiments has nothing but tests of its packages together. Each tells one story;
// imports point down this list.
//
//	report, study                        a sweep as a page; ready experiments
//	chart, metric, plot                  figures and comparisons from sweeps
//	sweep                                many configurations on many blocks, resumable
//	workbench                            one block for many configurations
//	campaign, levels, ablation, limits,  one command each: run and validate, levels, ablate,
//	bench, inspect, statetest, crossvm   limits, bench, trace info, statetest, run --compare
//	batch                                many inputs, in order, guarded
//	run, fuzz                            one block under one configuration: one judged result; programs that nobody wrote
//	fuel                                 programs of the FuelVM, and what makes them
//	config                               presets, files, environment, flags: one configuration
//	corpus, stats, table                 sets of blocks; statistics; printing
//	runtest, gethtest                    for tests alone
package experiments
