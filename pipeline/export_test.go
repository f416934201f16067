package pipeline

// TickByList makes a core without optional mechanisms go through the list of stages.
func (c *Core) TickByList() { c.stages, _ = listStages(c) }
