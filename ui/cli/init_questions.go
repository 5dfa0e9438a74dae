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

// errBack is the error of the answer esc: the previous question is asked again.
var errBack = errors.New("back to the question before")

type choice struct{ word, label string }

func (s *setUp) say(format string, args ...any) { s.hang("", fmt.Sprintf(format, args...)) }

// hang prints a text whose further lines begin below its first, behind head.
func (s *setUp) hang(head, text string) {
	lines := []string{head + text}
	if s.Width() > 0 {
		lines = layout.Measure{}.Hang(head, s.plainText(text), s.Width())
	}
	s.printLines(s.Err, lines...)
}

// ask asks until the answer can be used as typed. It returns errBack for esc.
func (s *setUp) ask(ctx context.Context, question string) (string, error) {
	lines := []string{question}
	if w := s.Width(); w > 0 {
		lines = layout.Measure{}.Wrap(question, max(1, w-2))
	}
	for {
		line, err := s.prompter.question(ctx, s.Err, s.plainText(strings.Join(lines, "\n")+": "))
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

// choose asks for one of several words, by its number or its beginning. Enter alone means standard, unless that is "".
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

func ifEnter(standard string) string { return only(standard != "", " (enter: "+standard+")") }

// text asks for the value of a key of the account. Enter alone means the earlier answer, or standard.
func (s *setUp) text(ctx context.Context, question, key, standard, needed string) error {
	return s.answer(ctx, question, key, cmp.Or(s.answered(key), standard), needed, func(answer string) any { return answer })
}

// answer asks until the config accepts the answer, which of turns into the value of the key. If the answer is empty, needed is
// printed and the question asked again, unless needed is "".
func (s *setUp) answer(ctx context.Context, question, key, standard, needed string, of func(answer string) any) error {
	for {
		answer, err := s.ask(ctx, question+ifEnter(standard))
		if err != nil {
			return err
		}
		if answer = cmp.Or(answer, standard); answer == "" && needed != "" {
			s.say("%s", needed)
			continue
		}
		s.draft[key] = of(answer)
		_, problems := config.ReadBlock(s.setup.Paths.Config, s.draftAccount(), s.Validators)
		switch problems = problems.Of(key); {
		case key == "name" && s.taken(answer):
			s.say("There is an account %s already.", answer)
		case len(problems) == 0:
			return nil
		default:
			s.printProblems(problems)
		}
	}
}

func (s *setUp) printProblems(problems config.Errors) {
	for _, p := range problems {
		line := strings.ToUpper(p.Message[:1]) + p.Message[1:]
		if p.Suggestion != "" {
			line += fmt.Sprintf("; did you mean %q?", p.Suggestion)
		}
		s.say("%s", model.CleanLine(line, 500))
	}
}

// answered returns the answer to a question about the account, "" if there is none or it is a credential.
func (s *setUp) answered(key string) string {
	text, _ := s.draft[key].(string)
	return text
}

func (s *setUp) rules() config.ProviderRules { return s.Validators.Providers[s.answered("provider")] }

// draftAccount returns the account as the config would hold it.
func (s *setUp) draftAccount() config.Account {
	rules := s.rules()
	a := config.Account{Name: s.answered("name"), Provider: s.answered("provider"), Settings: map[string]any{}}
	a.Credential, _ = s.draft["credential"].(config.Credential)
	if address := s.answered("base_url"); address != rules.DefaultBaseURL {
		a.BaseURL = address
	}
	for key, rule := range rules.Settings {
		if value := s.draft["settings."+key]; value != nil && value != "" && value != rule.Default {
			a.Settings[key] = value
		}
	}
	return a
}

// questions asks all questions about an account. Which these are depends on the answers. Enter alone repeats an earlier answer.
func (s *setUp) questions(ctx context.Context) error {
	for at := 0; ; at++ {
		all := []func(context.Context) error{s.askService, s.askName, s.askCredential}
		rules, given := s.rules().Settings, s.draftAccount().Settings
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
	return s.Services[slices.IndexFunc(s.Services, func(x Service) bool { return x.Name == provider })]
}

// keyOf returns what a service calls its credential, and where a person gets one.
func (s *setUp) keyOf(provider string) (what, where string) {
	what, where, _ = strings.Cut(cmp.Or(s.serviceOf(provider).Key, "credential"), ", ")
	return what, where
}

func (s *setUp) askService(ctx context.Context) error {
	var choices []choice
	for _, x := range s.Services {
		choices = append(choices, choice{x.Name, x.Title})
	}
	word, err := s.choose(ctx, "Which service?", choices, s.answered("provider"))
	if err == nil && word != s.answered("provider") {
		s.draft = map[string]any{"provider": word}
	}
	return err
}

func (s *setUp) taken(name string) bool {
	return slices.ContainsFunc(slices.Concat(s.others, s.accounts), func(a config.Account) bool { return strings.EqualFold(a.Name, name) })
}

func (s *setUp) askName(ctx context.Context) error {
	provider := s.answered("provider")
	free := provider
	for n := 2; s.taken(free); n++ {
		free = fmt.Sprintf("%s-%d", provider, n)
	}
	return s.text(ctx, "A name for the account, as the list shows it", "name", free, "")
}

func (s *setUp) askCredential(ctx context.Context) error {
	what, where := s.keyOf(s.answered("provider"))
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
	case s.answered(key) == "" && rule.Default == "":
		question += ifEnter("none")
	}
	return s.text(ctx, question, key, rule.Default, needed)
}

var inKeyring = choice{"keyring", "in the keyring of this system"}

// askSecret asks where a secret is. what names the secret, where says where a person gets it, and none says what it means to
// have none; a none of "" refuses that.
func (s *setUp) askSecret(ctx context.Context, key, what, where, none string) error {
	choices := []choice{{"env", "in an environment variable"}, {"command", "a command prints it"},
		{"file", "in a file that only you can read"}, inKeyring, {"type", "type or paste it now; it never goes into the config"}}
	standard := "type"
	if none != "" {
		choices, standard = append(choices, choice{"none", none}), "none"
	}
	if was, ok := s.draft[key].(config.Credential); ok {
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
			delete(s.draft, key)
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

// askSource asks for the details of a source of credentials: env, command, file or keyring.
func (s *setUp) askSource(ctx context.Context, key, word string) (err error) {
	name := s.answered("name")
	var question, standard, needed string
	credential := func(answer string) any { return config.Credential{Env: answer} }
	switch word {
	case "env":
		variable, setting := strings.CutPrefix(key, "settings.")
		question, standard = "Name of the variable", config.EnvFor(name, theme.Pick(setting, variable, "api_key"))
	case "command":
		question = "Command that prints it, such as pass show " + name + "; it is run without a shell"
		needed = "A command, such as pass show " + name + "."
		credential = func(answer string) any { return config.Credential{Command: splitCommand(answer)} }
	case "file":
		question, needed = "Path of the file", "A path, such as ~/.secrets/"+name+"."
		credential = func(answer string) any {
			if abs, err := filepath.Abs(answer); err == nil && !strings.HasPrefix(answer, "~/") {
				answer = abs
			}
			return config.Credential{File: answer}
		}
	default:
		if standard, err = (config.Resolver{}).FreeEntry(ctx, name); err != nil {
			s.say("%s", model.CleanLine(err.Error(), 500))
			return errBack
		}
		question = "Its entry: NAME, or SERVICE/NAME"
		credential = func(answer string) any { return config.Credential{Keyring: answer} }
	}
	return s.answer(ctx, question, key, standard, needed, credential)
}

// typeSecret asks for a secret without showing it, then where to keep it.
func (s *setUp) typeSecret(ctx context.Context, key, what string) error {
	secret := ""
	for secret == "" {
		shown := s.Silence()
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
	name := s.answered("name") + "." + strings.TrimPrefix(key, "settings.")
	c := config.Credential{File: s.setup.Paths.FreeFile(name)}
	choices := []choice{inKeyring, {"file", "in " + c.File + ", which only you can read"}}
	entry, unusable := (config.Resolver{}).FreeEntry(ctx, name)
	for {
		word, err := s.choose(ctx, "Where is it to be kept?", choices, theme.Pick(unusable == nil, "keyring", "file"))
		switch {
		case err != nil:
			return err
		case word == "keyring" && unusable != nil:
			s.say("%s", model.CleanLine(unusable.Error(), 500))
			continue
		case word == "keyring":
			c = config.Credential{Keyring: entry}
		}
		s.secrets[c.String()] = secret
		s.draft[key] = c
		return nil
	}
}

var (
	commandWord = regexp.MustCompile(`("[^"]*"?|'[^']*'?|[^\s"'])+`)
	quotedPart  = regexp.MustCompile(`"([^"]*)"?|'([^']*)'?`)
)

// splitCommand splits a command line at blanks outside of quotes.
func splitCommand(line string) (words []string) {
	for _, word := range commandWord.FindAllString(line, -1) {
		words = append(words, quotedPart.ReplaceAllString(word, "$1$2"))
	}
	return words
}
