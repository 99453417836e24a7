package main

// configCmd prints the effective configuration.
type configCmd struct {
	settings
}

// Run prints the configuration as YAML.
func (c *configCmd) Run(w *world) error {
	cfg, err := c.load(w)
	if err != nil {
		return err
	}
	return cfg.WriteYAML(w.Stdout)
}
