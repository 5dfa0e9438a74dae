package ui_test

import (
	"testing"
	"time"

	"confab/providers/sandbox"
)

// Groups show how many people are in them, in the table and in the picker.
func TestGroupsShowTheirSize(t *testing.T) {
	withSystem(t, sandbox.Options{World: sandbox.Northwind, Conversations: 400}, func(r *system) {
		r.Press("/")
		r.Type("account:projects invoices number")
		r.Press("enter", "P")
		r.Wait(3 * time.Second)
		r.Want("People: Invoices without the VAT number since October", "Team leads      group, 9 people", "Mateus Brandão")
		r.Press("a", "tab")
		r.Wait(3 * time.Second)
		r.Want("(already in)  9 people")
	})
}
