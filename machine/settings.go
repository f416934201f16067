package machine

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Settings is the section of a configuration that says how several cores share a block,
// as users write it. Its field tags are the schema, as those of pipeline.Config are; a
// core reads none of it.
type Settings struct {
	Policy    string `key:"policy" registry:"policy" doc:"who runs which transaction when; sequential is one core without speculation"`
	Cores     int    `key:"cores" range:"0..65536" doc:"cores on one block; 0: as many as it has transactions"`
	Mapping   string `key:"mapping" oneof:"default key holder address contract key-sets key-always schedule schedule-oracle" doc:"what the transactions of a policy with declared access sets conflict on"`
	Crediting string `key:"crediting" oneof:"strict lazy-beneficiary lazy-transfers" doc:"changes of balances that commute: none, credits of fees, all credits and debits that are covered"`
	Estimate  string `key:"estimate" oneof:"wait restart" doc:"block-stm, on a value about to be replaced: wait in place, or restart when it is there"`
	Schedule  int    `key:"schedule" range:"0..1000000" doc:"cycles that taking a task costs a core"`
	Check     int    `key:"check" range:"0..1000000" doc:"cycles that a validation takes for each key"`
	Lookahead int    `key:"lookahead" range:"1..1048576" doc:"sealevel: transactions in block order that the scheduler looks at"`
	Budget    int    `key:"budget" range:"0..1000000000000" doc:"sealevel: gas that the transactions given to a core may use; 0: the block's limit divided by the cores"`
	Retries   int    `key:"retries" range:"0..1048576" doc:"block-stm: incarnations of one transaction until the block is run again in order; 0: cores squared and transactions and 30"`
}

// Config is what the settings come to: names are looked up, and what is left to a default
// is settled.
func (s *Settings) Config() (Config, error) {
	crediting, err := state.CreditingOf(s.Crediting)
	if err != nil {
		return Config{}, err
	}
	c := Config{
		Policy: s.Policy, Mapping: s.Mapping, Cores: s.Cores, Crediting: crediting,
		Schedule: isa.Cycle(s.Schedule), Check: isa.Cycle(s.Check), Lookahead: s.Lookahead, Budget: uint64(s.Budget), Retries: s.Retries, Restart: s.Estimate == "restart",
	}
	if c.Mapping == "default" {
		c.Mapping = ""
	}
	_, c.Mapping, err = FindPolicy(c.Policy, c.Mapping)
	return c, err
}

// Alone is the settings for one core that runs the block in order.
func (s Settings) Alone() Settings {
	s.Policy, s.Mapping, s.Cores = SequentialPolicy, "default", 1
	return s
}
