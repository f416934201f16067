// Package experiments has nothing but tests of its packages together. Each tells one story;
// docs/architecture.md has the list, and says what may import what.
package experiments
