package sweep

import (
	"bytes"
	"encoding/json"
	"strings"
)

// blank stands for a hash while it is computed.
var blank = strings.Repeat("0", 64)

// seal writes an object whose last member is the SHA-256 of its text with zeros in the
// place of the hash. sum is that member.
func seal(object any, sum *string) ([]byte, error) {
	*sum = blank
	data, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return nil, err
	}
	data = append(data, '\n')
	*sum = hashBytes(data)
	copy(data[bytes.LastIndex(data, []byte(blank)):], *sum)
	return data, nil
}

// unseal reads an object and reports whether it has the text that was sealed.
func unseal(data []byte, object any, sum *string) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if dec.Decode(object) != nil || len(*sum) != len(blank) {
		return false
	}
	at := bytes.LastIndex(data, []byte(*sum))
	if at < 0 {
		return false
	}
	text := bytes.Clone(data)
	copy(text[at:], blank)
	return hashBytes(text) == *sum
}
