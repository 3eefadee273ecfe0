package fixture

import (
	"context"
	"fmt"
	"os/exec"
)

func hits(ctx context.Context, url, name string) {
	// ruleid: go-shell-command-build
	exec.Command("sh", "-c", "git clone "+url).Run()
	// ruleid: go-shell-command-build
	exec.Command("/bin/bash", "-c", fmt.Sprintf("tar xf %s | wc -l", name)).Run()
	// ruleid: go-shell-command-build
	exec.CommandContext(ctx, "bash", "-lc", fmt.Sprintf("ping %v", name)).Run()
	// ruleid: go-shell-command-build
	exec.Command("cmd", "/C", "start "+url).Run()
}

func hitByWayOfAVariable(name string) error {
	// ruleid: go-shell-command-build
	script := fmt.Sprintf("tar xf %s | wc -l", name)
	cmd := exec.Command("sh", "-c", script)
	return cmd.Run()
}

func silences(ctx context.Context, url, name, script string, n int) {
	// ok: go-shell-command-build
	exec.Command("git", "clone", url).Run()
	// ok: go-shell-command-build
	exec.Command("sh", "-c", "ls | wc -l").Run()
	// ok: go-shell-command-build
	exec.Command("sh", "-c", script).Run()
	// ok: go-shell-command-build
	exec.Command("sh", "-c", `grep "$1" names`, "sh", name).Run()
	// ok: go-shell-command-build
	exec.Command("sh", "-c", fmt.Sprintf("sleep %d", n)).Run()
	// ok: go-shell-command-build
	exec.Command("sh", "-c", fmt.Sprintf("file %q", name)).Run()
	// ok: go-shell-command-build
	exec.Command("git", "-c", "user.name="+name, "commit").Run()
}
