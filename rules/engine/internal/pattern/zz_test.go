package pattern
import ("testing";"os";"fmt";"strings";"github.com/reviewgate-app/reviewgate/rules/language")
func dump(n *Node, d int) { fmt.Printf("%s%v: %v %s %q %v\n", strings.Repeat("  ",d), n.Slot, n.Kind, n.Type, n.Value, n.Path); for _,k := range n.Kids { dump(k,d+1)} }
func TestQuick(t *testing.T) {
 p, err := Compile(language.ForName(os.Getenv("L")), os.Getenv("P"))
 if err!=nil {t.Fatal(err)}
 fmt.Println(p.Sequence, p.words)
 for _, r := range p.Roots { dump(r,0) }
}
