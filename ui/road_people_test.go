package ui_test

import (
	"testing"
	"time"

	"confab/providers/sandbox"
)

// A group says how many are in it, in the table and where one is looked up.
func TestAGroupSaysItsSize(t *testing.T) {
	drive(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *road) {
		r.Press("/")
		r.Type("account:projects invoices number")
		r.Press("enter", "P")
		r.Wait(3 * time.Second)
		r.Want("People: Invoices without the VAT number since October", "Team leads (group, 9 people)", "Mateus Brandão")
		r.Press("a", "tab")
		r.Wait(3 * time.Second)
		r.Want("(already in)  9 people")
	})
}
