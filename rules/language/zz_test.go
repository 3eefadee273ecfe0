package language
import ("testing";"os";"fmt";"strings")
func TestQuick(t *testing.T) {
 b,_ := os.ReadFile(os.Getenv("F"))
 tr, err := ForPath(os.Getenv("F")).Parse(os.Getenv("F"), b)
 if err!=nil {t.Fatal(err)}
 fmt.Println(tr.Dump())
 _ = strings.Repeat
}
