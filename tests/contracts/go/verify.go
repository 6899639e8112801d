// Command verify checks trees, tiles and signed notes with golang.org/x/mod/sumdb, an implementation that shares no
// code with the log under test. It reads one request as JSON from standard input and writes one answer.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type inclusion struct {
	Index int64    `json:"index"`
	Proof []string `json:"proof"`
}

type consistency struct {
	Old     int64    `json:"old"`
	OldRoot string   `json:"old_root"`
	Proof   []string `json:"proof"`
}

// tree is a tree over the entries "entry-0", "entry-1" and so on.
type tree struct {
	Size        int64             `json:"size"`
	Root        string            `json:"root"`
	Inclusion   []inclusion       `json:"inclusion"`
	Consistency []consistency     `json:"consistency"`
	Tiles       map[string]string `json:"tiles"` // path -> hex SHA-256 of the tile
}

type signedNote struct {
	Vkey string `json:"vkey"`
	Note string `json:"note"` // base64
}

// claim is an inclusion whose truth is asked for.
type claim struct {
	Index int64    `json:"index"`
	Size  int64    `json:"size"`
	Root  string   `json:"root"`
	Leaf  string   `json:"leaf"`
	Proof []string `json:"proof"`
}

type request struct {
	Trees  []tree       `json:"trees"`
	Notes  []signedNote `json:"notes"`  // are they good?
	Claims []claim      `json:"claims"` // are they true?
	Sign   []string     `json:"sign"`   // texts to sign with a new key
}

type answer struct {
	Checked  int          `json:"checked"`
	Failures []string     `json:"failures"`
	Notes    []bool       `json:"notes"`
	Claims   []bool       `json:"claims"`
	Signed   []signedNote `json:"signed"`
}

// stored keeps the hashes of a growing tree in the order of x/mod.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(indexes))
	for _, index := range indexes {
		hashes = append(hashes, s[index])
	}
	return hashes, nil
}

func entry(number int64) []byte { return []byte(fmt.Sprintf("entry-%d", number)) }

func build(size int64) stored {
	var hashes stored
	for n := int64(0); n < size; n++ {
		more, err := tlog.StoredHashes(n, entry(n), hashes)
		fatal(err)
		hashes = append(hashes, more...)
	}
	return hashes
}

func parse(texts []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(texts))
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func (a *answer) check(err error, format string, values ...interface{}) {
	a.Checked++
	if err != nil {
		a.Failures = append(a.Failures, fmt.Sprintf(format, values...)+": "+err.Error())
	}
}

func differ(got, want string) error {
	if got != want {
		return fmt.Errorf("%s is not %s", got, want)
	}
	return nil
}

func (a *answer) checkTree(t tree, all stored) {
	root, err := tlog.TreeHash(t.Size, all)
	fatal(err)
	a.check(differ(t.Root, root.String()), "root of %d", t.Size)
	for _, one := range t.Inclusion {
		proof, err := parse(one.Proof)
		if err == nil {
			err = tlog.CheckRecord(proof, t.Size, root, one.Index, tlog.RecordHash(entry(one.Index)))
		}
		a.check(err, "inclusion of %d in %d", one.Index, t.Size)
	}
	for _, one := range t.Consistency {
		oldRoot, err := tlog.TreeHash(one.Old, all)
		fatal(err)
		a.check(differ(one.OldRoot, oldRoot.String()), "root of %d", one.Old)
		proof, err := parse(one.Proof)
		if err == nil {
			err = tlog.CheckTree(proof, t.Size, root, one.Old, oldRoot)
		}
		a.check(err, "consistency of %d with %d", one.Old, t.Size)
	}
	tiles := widest(tlog.NewTiles(8, 0, t.Size))
	a.check(differ(fmt.Sprint(len(t.Tiles)), fmt.Sprint(len(tiles))), "number of tiles of %d", t.Size)
	for _, tile := range tiles {
		data, err := tlog.ReadTileData(tile, all)
		fatal(err)
		// x/mod writes the height into the path; C2SP tlog-tiles fixes it at 8 and leaves it out.
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		sum := sha256.Sum256(data)
		a.check(differ(t.Tiles[path], hex.EncodeToString(sum[:])), "%s of %d", path, t.Size)
	}
}

// widest drops narrower versions of a tile: older releases of x/mod list a partial tile of every width.
func widest(tiles []tlog.Tile) []tlog.Tile {
	type place struct {
		level int
		n     int64
	}
	widths := map[place]int{}
	for _, tile := range tiles {
		if at := (place{tile.L, tile.N}); tile.W > widths[at] {
			widths[at] = tile.W
		}
	}
	kept := []tlog.Tile{}
	for _, tile := range tiles {
		if tile.W == widths[place{tile.L, tile.N}] {
			kept = append(kept, tile)
		}
	}
	return kept
}

func isGood(n signedNote) bool {
	verifier, err := note.NewVerifier(n.Vkey)
	if err != nil {
		return false
	}
	data, err := base64.StdEncoding.DecodeString(n.Note)
	fatal(err)
	_, err = note.Open(data, note.VerifierList(verifier))
	return err == nil
}

func isTrue(c claim) bool {
	hashes, err := parse(append([]string{c.Root, c.Leaf}, c.Proof...))
	return err == nil && tlog.CheckRecord(hashes[2:], c.Size, hashes[0], c.Index, hashes[1]) == nil
}

func sign(texts []string) []signedNote {
	secret, vkey, err := note.GenerateKey(nil, "go.example/log")
	fatal(err)
	signer, err := note.NewSigner(secret)
	fatal(err)
	signed := []signedNote{}
	for _, text := range texts {
		data, err := note.Sign(&note.Note{Text: text}, signer)
		fatal(err)
		signed = append(signed, signedNote{vkey, base64.StdEncoding.EncodeToString(data)})
	}
	return signed
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	var asked request
	fatal(json.NewDecoder(os.Stdin).Decode(&asked))
	result := answer{Failures: []string{}, Notes: []bool{}, Claims: []bool{}, Signed: []signedNote{}}
	largest := int64(0)
	for _, t := range asked.Trees {
		if t.Size > largest {
			largest = t.Size
		}
	}
	all := build(largest)
	for _, t := range asked.Trees {
		result.checkTree(t, all)
	}
	for _, n := range asked.Notes {
		result.Notes = append(result.Notes, isGood(n))
	}
	for _, c := range asked.Claims {
		result.Claims = append(result.Claims, isTrue(c))
	}
	if len(asked.Sign) > 0 {
		result.Signed = sign(asked.Sign)
	}
	fatal(json.NewEncoder(os.Stdout).Encode(result))
}
