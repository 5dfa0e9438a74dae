package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"confab/model/private"
)

// Keeper stores the views that were made on the screen, as a settings file in the state directory.
type Keeper struct {
	Paths Paths
	Rules Validators
}

// lockTimeout limits the wait for another process that changes the views. It may have been stopped.
const lockTimeout = 2 * time.Second

func (k Keeper) file() string { return filepath.Join(k.Paths.State, "views.toml") }

// Views reads the stored views. Errors in the file are reported as Load reports them.
func (k Keeper) Views() ([]View, error) {
	data, err := private.Read(k.file(), maxConfigSize+1, private.Secret)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the views that were kept can't be read: %w", err)
	}
	c, err := Decode(k.file(), data, k.Rules)
	if err != nil {
		return nil, err
	}
	return c.Views, nil
}

// Keep stores a view, and replaces one with the same name. A file with errors is not changed.
func (k Keeper) Keep(name, query string) error {
	return k.change(func(list []View) []View { return append(without(list, name), View{name, query}) })
}

// Drop deletes a view, if there is one with the name. A file with errors is not changed.
func (k Keeper) Drop(name string) error {
	return k.change(func(list []View) []View { return without(list, name) })
}

// Written returns the stored views as text for the settings file.
func (k Keeper) Written() (string, error) {
	list, err := k.Views()
	return viewsTOML(list), err
}

// change reads, changes and writes the file while it holds the lock that all processes share.
func (k Keeper) change(change func([]View) []View) error {
	if err := k.Paths.PrepareState(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	unlock, err := private.Lock(bounded, k.file()+".lock", 5*time.Millisecond)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("another confab is changing the views; try again")
	case err != nil:
		return err
	}
	defer unlock()
	list, err := k.Views()
	if err != nil {
		return err
	}
	data := []byte(viewsTOML(change(list)))
	if _, err := Decode(k.file(), data, k.Rules); err != nil {
		return err
	}
	return private.Replace(k.file(), data)
}

func without(list []View, name string) []View {
	return slices.DeleteFunc(list, func(v View) bool { return strings.EqualFold(v.Name, name) })
}

func viewsTOML(list []View) string {
	// Marshal fails only for text that is not UTF-8, which no view contains.
	text, _ := toml.Marshal(struct {
		Views []View `toml:"view,omitempty"`
	}{list})
	return string(text)
}

// AllViews returns the views of the config and the stored views whose names are not among them.
func AllViews(config, stored []View) []View {
	all := slices.Clone(config)
	for _, v := range stored {
		if !slices.ContainsFunc(config, func(c View) bool { return strings.EqualFold(c.Name, v.Name) }) {
			all = append(all, v)
		}
	}
	return all
}
