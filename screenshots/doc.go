// Command screenshots makes the pictures of this folder, and the tables of the
// README that are printed from the code.
//
//	go run ./screenshots        # write the pictures and the tables
//
// The pictures are the real program's own screen: the real model, engine,
// store and adapters run against the sandbox in fake time, keys are pressed,
// and the cells of a virtual terminal are written out as SVG. Nothing is drawn
// by hand. A test fails when the tables of the README are not what the code
// says.
package main
