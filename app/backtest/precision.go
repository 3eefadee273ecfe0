package backtest

import (
	"fmt"
	"math"

	"github.com/reviewgate-app/reviewgate/checks"
)

// Precision is what people judged of the findings of one rule.
type Precision struct {
	Read     int     `json:"read"` // findings that were judged
	Right    int     `json:"right"`
	Arguable int     `json:"arguable,omitempty"` // counted as read, and not as right
	Share    float64 `json:"share"`              // Right of Read
	Low      float64 `json:"low"`                // of the 95 % interval
	High     float64 `json:"high"`
}

// PrecisionOf puts an interval around what was judged.
func PrecisionOf(read, right, arguable int) *Precision {
	low, high := checks.Interval(right, read)
	p := &Precision{Read: read, Right: right, Arguable: arguable, Low: round(low), High: round(high)}
	if read > 0 {
		p.Share = round(float64(right) / float64(read))
	}
	return p
}

func round(x float64) float64 { return math.Round(x*10000) / 10000 }

// String writes "3 of 4 (30-95 %)"; "" for nil.
func (p *Precision) String() string {
	if p == nil || p.Read == 0 {
		return ""
	}
	s := fmt.Sprintf("%d of %d (%.0f-%.0f %%)", p.Right, p.Read, 100*p.Low, 100*p.High)
	if p.Arguable > 0 {
		s += fmt.Sprintf(", %d arguable", p.Arguable)
	}
	return s
}
