// Command screenshots makes the pictures of this folder:
//
//	go run ./screenshots             # all of them
//	go run ./screenshots tour plan   # some, by name
//
// The pictures are the real program's own screen: the real model, engine, store and adapters run against the sandbox's
// company, keys are pressed, and the cells of a virtual terminal are written out as SVG. Nothing is drawn by hand. What is
// pressed stands in scenes.json. A step waits for a text on the screen and never for a time; a scene whose text doesn't come
// ends the command and prints what was there instead.
//
// A scene of one frame becomes a still, one of more a moving picture (see film.go), which shows its last frame alone where
// motion is not wanted. Each scene is drawn for a dark and for a light page.
package main
