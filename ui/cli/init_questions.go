package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"confab/config"
	"confab/model"
	"confab/ui/layout"
	"confab/ui/theme"
)

// errBack is the answer esc: the question before is asked again.
var errBack = errors.New("back to the question before")

type choice struct{ word, label string }

func (s *setUp) say(format string, args ...any) { s.hang("", fmt.Sprintf(format, args...)) }

func (s *setUp) hang(head, text string) {
	lines := []string{head + text}
	if s.Width() > 0 {
		lines = layout.Measure{}.Hang(head, s.plainText(text), s.Width())
	}
	s.printLines(s.Err, lines...)
}

func (s *setUp) ask(ctx context.Context, question string) (string, error) {
	lines := []string{question}
	if w := s.Width(); w > 0 {
		lines = layout.Measure{}.Wrap(question, max(1, w-2))
	}
	for {
		fmt.Fprint(s.Err, s.plainText(strings.Join(lines, "\n")+": "))
		line, err := s.asked.line(ctx)
		if errors.Is(err, errNoAnswer) {
			fmt.Fprintln(s.Err)
		}
		line = strings.TrimSpace(line)
		switch {
		case err != nil:
			return "", err
		case line != "" && strings.Trim(line, "\x1b") == "":
			return "", errBack
		case utf8.ValidString(line) && !strings.ContainsFunc(line, unicode.IsControl):
			return line, nil
		}
		s.say("That holds a character that can't be typed here.")
	}
}

// choose asks for one of several answers, by its number, its word or the beginning of that. standard, where there is
// one, is the answer of enter alone.
func (s *setUp) choose(ctx context.Context, question string, choices []choice, standard string) (string, error) {
	s.say("%s", question)
	var words []string
	for i, c := range choices {
		words = append(words, c.word)
		head := fmt.Sprintf("  %d  ", i+1)
		if !strings.EqualFold(c.word, c.label) {
			head += fmt.Sprintf("%-9s", c.word)
		}
		s.hang(head, c.label)
	}
	for {
		answer, err := s.ask(ctx, "Number or word"+ifEnter(standard))
		if err != nil {
			return "", err
		}
		answer = strings.ToLower(cmp.Or(answer, standard))
		if n, err := strconv.Atoi(answer); err == nil && n > 0 && n <= len(words) {
			return words[n-1], nil
		}
		like := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return answer == "" || !strings.HasPrefix(word, answer) })
		switch {
		case slices.Contains(like, answer):
			return answer, nil
		case len(like) == 1:
			return like[0], nil
		}
		s.say("Type a number from 1 to %d, or its word%s", len(choices), cmp.Or(suggest(answer, words, ""), "."))
	}
}

func ifEnter(standard string) string {
	if standard == "" {
		return ""
	}
	return " (enter: " + standard + ")"
}

// text asks for what an account has under a key of the config until it is right. Without an answer it is what was
// answered before, or standard; where that is "" too, needed complains, unless it is "".
func (s *setUp) text(ctx context.Context, question, key, standard, needed string) error {
	return s.textFor(ctx, question, key, cmp.Or(s.draft.texts[key], standard), needed, func(answer string) { s.draft.texts[key] = answer })
}

func (s *setUp) textFor(ctx context.Context, question, key, standard, needed string, put func(answer string)) error {
	for {
		answer, err := s.ask(ctx, question+ifEnter(standard))
		if err != nil {
			return err
		}
		answer = cmp.Or(answer, standard)
		put(answer)
		_, problems := config.ReadBlock(s.setup.Paths.Config, s.drafted(), s.Validators)
		switch problems = problems.Of(key); {
		case answer == "" && needed != "":
			s.say("%s", needed)
		case key == "name" && s.taken(answer):
			s.say("There is an account %s already.", answer)
		case len(problems) == 0:
			return nil
		default:
			s.complainOf(problems)
		}
	}
}

func (s *setUp) complainOf(problems config.Errors) {
	for _, p := range problems {
		line := strings.ToUpper(p.Message[:1]) + p.Message[1:]
		if p.Suggestion != "" {
			line += fmt.Sprintf("; did you mean %q?", p.Suggestion)
		}
		s.say("%s", model.CleanLine(line, 500))
	}
}

// draft is what was answered of an account, by the keys of the config.
type draft struct {
	provider string
	texts    map[string]string
	secrets  map[string]config.Credential
}

func (s *setUp) begin(provider string) {
	s.draft = draft{provider: provider, texts: map[string]string{}, secrets: map[string]config.Credential{}}
}

func (s *setUp) rules() config.ProviderRules { return s.Validators.Providers[s.draft.provider] }

// drafted is the draft as the config holds it.
func (s *setUp) drafted() config.Account {
	d, rules := s.draft, s.rules()
	a := config.Account{Name: d.texts["name"], Provider: d.provider, Credential: d.secrets["credential"], Settings: map[string]any{}}
	if a.BaseURL = d.texts["base_url"]; a.BaseURL == rules.DefaultBaseURL {
		a.BaseURL = ""
	}
	for key, rule := range rules.Settings {
		if text := d.texts["settings."+key]; text != "" && text != rule.Default {
			a.Settings[key] = text
		}
		if c := d.secrets["settings."+key]; !c.IsZero() {
			a.Settings[key] = c
		}
	}
	return a
}

// questions asks all there is to know of an account; which that is depends on the answers. enter repeats an earlier one.
func (s *setUp) questions(ctx context.Context) error {
	for at := 0; ; at++ {
		all := []func(context.Context) error{s.askService, s.askName, s.askCredential}
		rules, given := s.rules().Settings, s.drafted().Settings
		for _, required := range []bool{true, false} {
			for _, key := range slices.Sorted(maps.Keys(rules)) {
				rule := rules[key]
				if rule.Required == required && (required || rule.Asked) && (rule.With == "" || given[rule.With] != nil) {
					all = append(all, func(ctx context.Context) error { return s.askSetting(ctx, key, rule) })
				}
			}
		}
		all = append(all, func(ctx context.Context) error {
			return s.text(ctx, "Address of the service", "base_url", s.rules().DefaultBaseURL, "")
		})
		if at == len(all) {
			return nil
		}
		switch err := all[at](ctx); {
		case errors.Is(err, errBack) && at == 0:
			return errLeave
		case errors.Is(err, errBack):
			at -= 2
		case err != nil:
			return err
		}
	}
}

func (s *setUp) serviceOf(provider string) Service {
	for _, x := range s.Services {
		if x.Name == provider {
			return x
		}
	}
	return Service{Name: provider, Title: provider}
}

func (s *setUp) keyOf(provider string) (what, where string) {
	what, where, _ = strings.Cut(cmp.Or(s.serviceOf(provider).Key, "credential"), ", ")
	return what, where
}

func (s *setUp) askService(ctx context.Context) error {
	var choices []choice
	for _, x := range s.Services {
		choices = append(choices, choice{x.Name, x.Title})
	}
	word, err := s.choose(ctx, "Which service?", choices, s.draft.provider)
	if err == nil && word != s.draft.provider {
		s.begin(word)
	}
	return err
}

func (s *setUp) taken(name string) bool {
	return slices.ContainsFunc(slices.Concat(s.others, s.accounts), func(a config.Account) bool { return strings.EqualFold(a.Name, name) })
}

func (s *setUp) askName(ctx context.Context) error {
	free := s.draft.provider
	for n := 2; s.taken(free); n++ {
		free = fmt.Sprintf("%s-%d", s.draft.provider, n)
	}
	return s.text(ctx, "A name for the account, as the list shows it", "name", free, "")
}

func (s *setUp) askCredential(ctx context.Context) error {
	what, where := s.keyOf(s.draft.provider)
	if where != "" {
		where = " It is " + where + "."
	}
	none := ""
	if s.rules().CredentialOptional {
		none = "there is none: by signing in, or by a refresh token"
	}
	return s.askSecret(ctx, "credential", what, where, none)
}

func (s *setUp) askSetting(ctx context.Context, name string, rule config.SettingRule) error {
	what, key, needed := strings.ReplaceAll(name, "_", " "), "settings."+name, ""
	if rule.Secret {
		return s.askSecret(ctx, key, what, "", "there is none")
	}
	question := what + ": " + rule.Help
	switch {
	case rule.Required:
		needed = "This one is needed."
	case s.draft.texts[key] == "" && rule.Default == "":
		question += ifEnter("none")
	}
	return s.text(ctx, question, key, rule.Default, needed)
}

// askSecret asks where a secret is: what it is and where one gets it, and what it means that there is none, "" where it
// is needed.
func (s *setUp) askSecret(ctx context.Context, key, what, where, none string) error {
	choices := []choice{{"env", "in an environment variable"}, {"command", "a command prints it"},
		{"file", "in a file that only you can read"}, inKeyring, {"type", "type or paste it now; it never goes into the config"}}
	standard := "type"
	if none != "" {
		choices, standard = append(choices, choice{"none", none}), "none"
	}
	if was := s.draft.secrets[key]; !was.IsZero() {
		choices, standard = append(choices, choice{"same", "as before: " + was.String()}), "same"
	}
	for {
		word, err := s.choose(ctx, "Where is the "+what+"?"+where, choices, standard)
		if err != nil {
			return err
		}
		switch word {
		case "same":
		case "none":
			delete(s.draft.secrets, key)
		case "type":
			err = s.typeSecret(ctx, key, what)
		default:
			err = s.askSource(ctx, key, word)
		}
		if !errors.Is(err, errBack) {
			return err
		}
	}
}

func (s *setUp) askSource(ctx context.Context, key, word string) (err error) {
	name := s.draft.texts["name"]
	var question, standard, needed string
	var from func(answer string) config.Credential
	switch word {
	case "env":
		variable, setting := strings.CutPrefix(key, "settings.")
		if !setting {
			variable = "api_key"
		}
		question, standard = "Name of the variable", config.EnvFor(name, variable)
		from = func(answer string) config.Credential { return config.Credential{Env: answer} }
	case "command":
		question = "Command that prints it, such as pass show " + name + "; it is run without a shell"
		needed = "A command, such as pass show " + name + "."
		from = func(answer string) config.Credential { return config.Credential{Command: splitCommand(answer)} }
	case "file":
		question, needed = "Path of the file", "A path, such as ~/.secrets/"+name+"."
		from = func(answer string) config.Credential {
			if abs, err := filepath.Abs(answer); err == nil && !strings.HasPrefix(answer, "~/") {
				answer = abs
			}
			return config.Credential{File: answer}
		}
	default:
		if standard, err = (config.Resolver{}).FreeEntry(ctx, name); err != nil {
			return s.noKeyring(ctx, err)
		}
		question = "Its entry: NAME, or SERVICE/NAME"
		from = func(answer string) config.Credential { return config.Credential{Keyring: answer} }
	}
	return s.textFor(ctx, question, key, standard, needed, func(answer string) { s.draft.secrets[key] = from(answer) })
}

var inKeyring = choice{"keyring", "in the keyring of this system"}

// noKeyring says why no keyring can be used, and goes back to the question where the secret is.
func (s *setUp) noKeyring(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.say("%s", model.CleanLine(err.Error(), 500))
	return errBack
}

func (s *setUp) typeSecret(ctx context.Context, key, what string) error {
	secret := ""
	for secret == "" {
		shown := func() {}
		if s.Silence != nil {
			shown = s.Silence()
		}
		line, err := s.ask(ctx, strings.ToUpper(what[:1])+what[1:]+", which is not shown")
		shown()
		if err != nil {
			return err
		}
		if secret = line; secret == "" {
			s.say("Nothing was typed; esc and enter goes back.")
		}
	}
	s.say("%s.", theme.Count(utf8.RuneCountInString(secret), "character"))
	name := s.draft.texts["name"] + "." + strings.TrimPrefix(key, "settings.")
	c := config.Credential{File: s.setup.Paths.FreeFile(name)}
	choices := []choice{inKeyring, {"file", "in " + c.File + ", which only you can read"}}
	standard := "keyring"
	entry, unusable := (config.Resolver{}).FreeEntry(ctx, name)
	if unusable != nil {
		standard = "file"
	}
	for {
		word, err := s.choose(ctx, "Where is it to be kept?", choices, standard)
		if err == nil && word == "keyring" && unusable != nil {
			if err = s.noKeyring(ctx, unusable); errors.Is(err, errBack) {
				continue
			}
		}
		if err != nil {
			return err
		}
		if word == "keyring" {
			c = config.Credential{Keyring: entry}
		}
		s.typed[c.String()] = secret
		s.draft.secrets[key] = c
		return nil
	}
}

var (
	commandWord = regexp.MustCompile(`("[^"]*"?|'[^']*'?|[^\s"'])+`)
	quotedPart  = regexp.MustCompile(`"([^"]*)"?|'([^']*)'?`)
)

func splitCommand(line string) (words []string) {
	for _, word := range commandWord.FindAllString(line, -1) {
		words = append(words, quotedPart.ReplaceAllString(word, "$1$2"))
	}
	return words
}
