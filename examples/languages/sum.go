package main

import (
	"encoding/json"
	"log"
	"os"
)

func main() {
	text, err := os.ReadFile(os.Getenv("DYNA_VALUES"))
	if err != nil {
		log.Fatal(err)
	}
	var given struct {
		Inputs struct{ Values []int64 }
	}
	if err := json.Unmarshal(text, &given); err != nil {
		log.Fatal(err)
	}
	var sum int64
	for _, value := range given.Inputs.Values {
		sum += value
	}
	outputs, _ := json.Marshal(map[string]int64{"sum": sum})
	if err := os.WriteFile(os.Getenv("DYNA_OUTPUTS"), outputs, 0o600); err != nil {
		log.Fatal(err)
	}
}
