package nlu

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Cache keeps trained models between starts. Load asks for a key and saves under it; a cache may
// forget or fail, at the cost of training again. A directory with a bound on its size will do.
type Cache interface {
	Load(key string) ([]byte, bool)
	Save(key string, model []byte)
}

// Load gives the model of a corpus from the cache of the options, or trains and saves it. An
// entry that is damaged, or was written by another version, is trained anew.
func Load(c *Corpus, o Options) *Model {
	if o.Cache == nil {
		return Train(c, o)
	}
	key := Key(c, o)
	if saved, ok := o.Cache.Load(key); ok {
		if m, err := Decode(saved, o); err == nil {
			return m
		}
	}
	m := Train(c, o)
	o.Cache.Save(key, m.Encode())
	return m
}

// Key names the model of a corpus: equal for equal phrases of equal intents, whose words have
// equal lemmas, under one version of this package. It is fit for a file's name.
func Key(c *Corpus, o Options) string {
	h := sha256.New()
	write := func(text string) {
		var size [8]byte
		binary.LittleEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write([]byte(text))
	}
	write(format)
	for _, intent := range gathered(c) {
		write("/" + intent.Path)
		for _, p := range intent.Phrases {
			for _, text := range p.writings() {
				write(text)
				for _, w := range words(text, o.Lemmas) {
					write(w.stem)
				}
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
