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

	"github.com/gofrs/flock"
	"github.com/pelletier/go-toml/v2"
)

// Keeper keeps views that were made on the screen, in the state directory and as the settings file would hold them.
type Keeper struct {
	Paths Paths
	Rules Validators
}

// keepPatience bounds the wait for another process, which may have been stopped.
const keepPatience = 2 * time.Second

func (k Keeper) file() string { return filepath.Join(k.Paths.State, "views.toml") }

// Views reads the views that are kept. Its error says what is wrong with the file and where, as that of Load does.
func (k Keeper) Views() ([]View, error) {
	data, err := readPrivate(k.file(), maxConfigSize+1)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the views that were kept can't be read: %w", err)
	}
	c, err := Decode(k.file(), data, k.Rules)
	if err != nil || c.DefaultedViews {
		return nil, err
	}
	return c.Views, nil
}

// Keep keeps a view, in place of one of the same name; Drop forgets one. A file that is damaged stays as it is.
func (k Keeper) Keep(name, query string) error {
	return k.change(func(list []View) []View { return append(without(list, name), View{name, query}) })
}

func (k Keeper) Drop(name string) error {
	return k.change(func(list []View) []View { return without(list, name) })
}

// Written returns the views that are kept as the settings file holds them.
func (k Keeper) Written() (string, error) {
	list, err := k.Views()
	return viewsTOML(list), err
}

// change reads, changes and writes the file while no other goroutine and no other process does.
func (k Keeper) change(change func([]View) []View) error {
	if err := k.Paths.PrepareState(); err != nil {
		return err
	}
	lock := flock.New(k.file()+".lock", flock.SetPermissions(0o600))
	defer lock.Close()
	bounded, cancel := context.WithTimeout(context.Background(), keepPatience)
	defer cancel()
	if _, err := lock.TryLockContext(bounded, 5*time.Millisecond); errors.Is(err, context.DeadlineExceeded) {
		return errors.New("another confab is changing the views; try again")
	} else if err != nil {
		return err
	}
	list, err := k.Views()
	if err != nil {
		return err
	}
	data := []byte(viewsTOML(change(list)))
	if _, err := Decode(k.file(), data, k.Rules); err != nil {
		return err
	}
	return replacePrivate(k.file(), data)
}

func without(list []View, name string) []View {
	return slices.DeleteFunc(list, func(v View) bool { return strings.EqualFold(v.Name, name) })
}

func viewsTOML(list []View) string {
	// What fails is a text that is no UTF-8, and no view has one.
	text, _ := toml.Marshal(struct {
		Views []View `toml:"view,omitempty"`
	}{list})
	return string(text)
}

// AllViews returns views with those that were kept: a name of the config wins.
func AllViews(config, kept []View) []View {
	all := slices.Clone(config)
	for _, v := range kept {
		if !slices.ContainsFunc(config, func(c View) bool { return strings.EqualFold(c.Name, v.Name) }) {
			all = append(all, v)
		}
	}
	return all
}
