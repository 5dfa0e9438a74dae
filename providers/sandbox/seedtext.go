package sandbox

import (
	"math/rand/v2"
	"strings"
)

// spelled is a name as written and its form in a mail address.
type spelled struct{ written, ascii string }

// script is a set of names that belong together.
type script struct {
	first, last []spelled
	zones       []string
}

var scripts = []script{
	{
		first: []spelled{{"Anna", "anna"}, {"James", "james"}, {"Grace", "grace"}, {"Owen", "owen"}, {"Mia", "mia"}, {"Samuel", "samuel"}},
		last:  []spelled{{"Whitfield", "whitfield"}, {"O'Brien", "obrien"}, {"Clarke", "clarke"}, {"Achebe", "achebe"}, {"Marsh", "marsh"}},
		zones: []string{"Europe/London", "America/New_York", "America/Chicago"},
	},
	{
		first: []spelled{{"Zoë", "zoe"}, {"José", "jose"}, {"Łukasz", "lukasz"}, {"Søren", "soren"}, {"Márta", "marta"}, {"İpek", "ipek"}, {"Noe\u0301mie", "noemie"}},
		last:  []spelled{{"Müller", "mueller"}, {"Núñez", "nunez"}, {"Wiśniewska", "wisniewska"}, {"Ångström", "angstrom"}, {"Kovács", "kovacs"}, {"Yıldız", "yildiz"}, {"Strauß", "strauss"}},
		zones: []string{"Europe/Berlin", "Europe/Warsaw", "Europe/Madrid", "Europe/Istanbul"},
	},
	{
		first: []spelled{{"Ольга", "olga"}, {"Дмитро", "dmytro"}, {"Сергей", "sergey"}, {"Надежда", "nadezhda"}},
		last:  []spelled{{"Шевченко", "shevchenko"}, {"Кузнецов", "kuznetsov"}, {"Йорданова", "yordanova"}, {"Щербак", "shcherbak"}},
		zones: []string{"Europe/Kyiv", "Europe/Sofia"},
	},
	{
		first: []spelled{{"Ελένη", "eleni"}, {"Γιώργος", "giorgos"}, {"Αθηνά", "athina"}},
		last:  []spelled{{"Παπαδοπούλου", "papadopoulou"}, {"Κωνσταντίνου", "konstantinou"}, {"Νικολαΐδης", "nikolaidis"}},
		zones: []string{"Europe/Athens"},
	},
	{
		first: []spelled{{"ليلى", "layla"}, {"محمد", "mohammed"}, {"نور", "nour"}},
		last:  []spelled{{"الحداد", "alhaddad"}, {"منصور", "mansour"}, {"السيد", "alsayed"}},
		zones: []string{"Asia/Dubai", "Africa/Cairo"},
	},
	{
		first: []spelled{{"נועה", "noa"}, {"יוסף", "yosef"}, {"תמר", "tamar"}},
		last:  []spelled{{"כהן", "cohen"}, {"בן־דוד", "bendavid"}, {"לוי", "levi"}},
		zones: []string{"Asia/Jerusalem"},
	},
	{
		first: []spelled{{"美咲", "misaki"}, {"伟", "wei"}, {"さくら", "sakura"}, {"민준", "minjun"}, {"雅婷", "yating"}},
		last:  []spelled{{"田中", "tanaka"}, {"王", "wang"}, {"髙橋", "takahashi"}, {"김", "kim"}, {"陳", "chen"}},
		zones: []string{"Asia/Tokyo", "Asia/Shanghai", "Asia/Seoul", "Asia/Taipei"},
	},
	{
		first: []spelled{{"प्रिया", "priya"}, {"अर्जुन", "arjun"}, {"क्षितिज", "kshitij"}},
		last:  []spelled{{"शर्मा", "sharma"}, {"पटेल", "patel"}, {"श्रीवास्तव", "shrivastava"}},
		zones: []string{"Asia/Kolkata"},
	},
	{
		first: []spelled{{"Kim 🌻", "kim"}, {"Alex 👩🏽‍💻", "alex"}, {"Robin", "robin"}},
		last:  []spelled{{"van der Berg", "vanderberg"}, {"de la Cruz", "delacruz"}, {"🏳️‍🌈 Hale", "hale"}},
		zones: []string{"Europe/Amsterdam", "America/Los_Angeles"},
	},
}

var companyNames = []struct{ name, domain string }{
	{"Acme Corp", "acme"}, {"Globex", "globex"}, {"Initech", "initech"}, {"Umbrella Foods", "umbrellafoods"},
	{"Børnemøbler A/S", "bornemobler"}, {"Größenwahn GmbH", "groessenwahn"}, {"Café Mañana", "cafemanana"}, {"L'Été & Fils", "eteetfils"},
	{"Рога и копыта", "rogaikopyta"}, {"Світанок", "svitanok"}, {"Αιγαίο Shipping", "aigaio"}, {"شركة النخيل", "alnakheel"},
	{"תפוז טכנולוגיות", "tapuz"}, {"株式会社さくら", "sakura-kk"}, {"北京长城科技", "changcheng"}, {"한빛소프트", "hanbit"},
	{"भारत लॉजिस्टिक्स", "bharatlogistics"}, {"Bean & Gone ☕", "beanandgone"}, {"Hooli", "hooli"}, {"Stark & Söhne", "starksoehne"},
	{"Pied Piper", "piedpiper"}, {"Vandelay Imports", "vandelay"}, {"Wayne Medical", "waynemedical"}, {"Tyrell Optics", "tyrell"},
	{"Soylent Nutrition", "soylent"}, {"Cyberdyne", "cyberdyne"}, {"Ōtsuka Rail", "otsukarail"}, {"Île-de-France Habitat", "idfhabitat"},
	{"Æther Energy", "aether"}, {"Fjällräv Outdoor", "fjallrav"}, {"Żubr Logistics", "zubr"}, {"Duff Beverages", "duff"},
}

var industries = []string{"Logistics", "Manufacturing", "Health", "Software", "Retail", "Food", "Energy", "Finance", "Travel"}

var jobs = []string{
	"Account Executive", "Head of Operations", "CFO", "Engineer", "Support Lead", "Procurement Manager", "CTO", "Customer Success Manager",
	"Sales Director", "Recruiter", "Product Manager", "Office Manager", "Consultant",
}

// subjects are titles of conversations; {c} stands for a company, {p} for a
// person, {n} for a number.
var subjects = []string{
	"{c} – discovery call", "{c} <> Northwind: pricing", "Renewal {c} Q{n}", "Interview: {p}", "{p} / weekly 1:1", "Demo for {c}",
	"{c}: invoice {n}{n}{n} is wrong", "Onboarding {c}, session {n}", "Escalation: export fails at {c}", "Quarterly review – {c}",
	"{p} asks about single sign-on", "Contract redlines with {c}", "Kick-off {c} 🚀", "Incident {n}{n}: late deliveries", "Security questionnaire {c}",
	"Ausschreibung {c}: Rückfragen", "Réunion de suivi – {c}", "Встреча с {c}", "Συνάντηση με {c}", "اجتماع مع {c}", "פגישה עם {p}",
	"{c} 様 定例会議", "与{p}的会议", "{c} 주간 회의", "{c} के साथ समीक्षा", "Re: Re: Fwd: {c} proposal v{n}", "Hiring panel: {p}", "Salary review {p}",
	"Board prep", "Untitled", "{c} churn risk", "Roadmap walk-through for {p}", "Voicemail from {p}", "Data processing agreement, {c}",
	"Lunch & learn: objection handling", "Post-mortem {c}", "Handover {p} → {p}", "Pilot results {c}", "Feature request: bulk edit ({p})",
}

// hostileTitles are what a title may hold and a screen must survive. The keys
// are row numbers within each block of 500 rows.
var hostileTitles = map[int]string{
	21: "",
	27: "Family 👨‍👩‍👧‍👦 plan, flags 🇺🇦🇯🇵, skin 👍🏿, keycap 1️⃣",
	33: "\x1b[31mred\x1b[0m \x1b[2J\x1b[Hcleared? \x1b]0;owned\x07 bell",
	38: "\x1b]8;;https://evil.example/\x1b\\click me\x1b]8;;\x1b\\ \x1b]52;c;ZWNobyBoaQ==\x07",
	43: "invoice \u202egpj.exe\u202c \u2066isolated\u2069 \u200fmark",
	47: "first line\nsecond line\r\nthird\tafter a tab",
	52: "5,000 characters: " + strings.Repeat("lorem ipsum ", 416)[:4982],
	58: "Zalgo t̷̢̛̟̺̏̈́ë̸̱́x̵̧͇̑t̶̗̋ and a\u0301 combining e\u0301\u0323",
	63: "   leading and trailing   ",
	69: "<script>alert(1)</script> & \"quotes\" 'too' \\ %s {{.}} $(id) `id`",
	74: "nul\x00, delete\x7f, c1 \u009b31m, \u2028line separator, \ufeffbom, zero\u200bwidth",
	79: "全角文字だけの長い題名、幅は文字数の二倍になるので切り詰めに注意してください",
}

// title returns the title of row i.
func (d *seedData) title(r *rand.Rand, i int) string {
	c, p, n := pick(r, d.companies).name, pick(r, d.contacts).name(), digits(r, 1)
	subject := pick(r, subjects)
	if t, ok := hostileTitles[i%500]; ok {
		return t
	}
	return strings.NewReplacer("{c}", c, "{p}", p, "{n}", n).Replace(subject)
}

var sentences = []string{
	"Thanks for making the time today.", "Could you share your screen?", "The export has been failing since Tuesday.",
	"We would need single sign-on before we can roll out.", "What does the renewal look like on a two-year term?",
	"Let me check with our security team.", "Das klingt gut, schicken Sie mir bitte das Angebot.", "On peut avancer sur ce périmètre.",
	"Мы вернёмся с ответом в пятницу.", "それで問題ありません。", "Ευχαριστώ πολύ!", "شكراً جزيلاً", "תודה רבה", "धन्यवाद!", "좋습니다, 그렇게 하죠.",
	"I'll send the minutes around.", "The invoice shows the wrong VAT number.", "Can we keep this part off the record?",
	"Who else needs to be in the loop?", "Perfect 👍", "Let's aim for next Thursday.", "Is the salary band fixed?",
	"We saw about 40% fewer tickets.", "Honestly, your competitor is cheaper.", "I'm muted, sorry. Can you hear me now?",
}

// sentence is one thing somebody says or writes. One in 40 holds bytes a
// terminal would act on.
func sentence(r *rand.Rand) string {
	if r.IntN(40) == 0 {
		return "look: \x1b[5mblink\x1b[0m \x1b]2;title\x07 \u202etxet desrever\u202c done"
	}
	return pick(r, sentences)
}
