package badge

import "testing"

func BenchmarkPreview(b *testing.B) {
	c := sample()
	for b.Loop() {
		if _, err := Preview(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	c := sample()
	for b.Loop() {
		if _, err := PNG(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSVG(b *testing.B) {
	c := sample()
	for b.Loop() {
		SVG(c)
	}
}
