package theme

// Glyphs are the signs of the screen. Every one takes one cell, the ASCII
// arrow two.
type Glyphs struct {
	PointerSign, MarkSign                                             string
	PrivateSign, PublicSign, ParticipantsSign, UnknownSign            string
	QueuedSign, RetrySign, FailedSign, DoneSign                       string
	PinSign, UnseenSign, StaleSign, OnlineSign, OfflineSign, SyncSign string
	Horizontal, Vertical                                              string
	TopLeft, TopRight, BottomLeft, BottomRight                        string
	BarFull, BarEmpty                                                 string
	Arrow, Bullet, Ellipsis, Separator, ShutSign, OpenSign            string
}

var unicodeGlyphs = Glyphs{
	PointerSign: "▌", MarkSign: "✓",
	PrivateSign: "●", PublicSign: "○", ParticipantsSign: "◐", UnknownSign: "?",
	QueuedSign: "↑", RetrySign: "↻", FailedSign: "!", DoneSign: "✓",
	PinSign: "★", UnseenSign: "•", StaleSign: "◌", OnlineSign: "●", OfflineSign: "✕", SyncSign: "↓",
	Horizontal: "─", Vertical: "│",
	TopLeft: "╭", TopRight: "╮", BottomLeft: "╰", BottomRight: "╯",
	BarFull: "█", BarEmpty: "░",
	Arrow: "→", Bullet: "•", Ellipsis: "…", Separator: "·", ShutSign: "▸", OpenSign: "▾",
}

var asciiGlyphs = Glyphs{
	PointerSign: ">", MarkSign: "*",
	PrivateSign: "#", PublicSign: "o", ParticipantsSign: "@", UnknownSign: "?",
	QueuedSign: "^", RetrySign: "~", FailedSign: "!", DoneSign: "+",
	PinSign: "P", UnseenSign: ".", StaleSign: ",", OnlineSign: "+", OfflineSign: "x", SyncSign: "v",
	Horizontal: "-", Vertical: "|",
	TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+",
	BarFull: "#", BarEmpty: ".",
	Arrow: "->", Bullet: "*", Ellipsis: "~", Separator: "|", ShutSign: "+", OpenSign: "-",
}
