package main

import (
	"net/http"
	"strings"

	"confab/config"
	"confab/providers/sandbox"
	"confab/ui/cli"
)

// openSandbox makes the stand-in servers, and tells their accounts once they are reached at root.
func openSandbox(o cli.SandboxOptions) (http.Handler, func(root string) []config.SandboxAccount, error) {
	world := sandbox.Northwind
	if o.Hostile {
		world = sandbox.Hostile
	}
	box, err := sandbox.New(sandbox.Options{
		World: world, Conversations: o.Conversations, Seed: o.Seed, Latency: o.Latency, Faults: o.Faults,
	})
	return box, func(root string) []config.SandboxAccount { return sandboxAccounts(box, root) }, err
}

func sandboxAccounts(box *sandbox.Sandbox, root string) []config.SandboxAccount {
	var out []config.SandboxAccount
	for _, a := range box.Accounts() {
		settings := map[string]string{}
		for k, v := range a.Settings {
			if strings.HasPrefix(v, "/") {
				v = root + v
			}
			settings[k] = v
		}
		out = append(out, config.SandboxAccount{Name: a.Name, Provider: a.Provider, Unseen: a.Unseen, BaseURL: root + a.Path,
			Credential: a.Credential, Settings: settings, Secrets: a.Secrets})
	}
	return out
}
