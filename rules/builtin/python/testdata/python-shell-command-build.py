import asyncio
import os
import shlex
import subprocess

IMAGE = "acme/builder"


def hits(url, name, user):
    # ruleid: python-shell-command-build
    subprocess.run(f"git clone {url}", shell=True, check=True)
    # ruleid: python-shell-command-build
    subprocess.check_output("ping -c 1 " + name, shell=True)
    # ruleid: python-shell-command-build
    subprocess.Popen("ping -c 1 %s" % name, stdout=subprocess.PIPE, shell=True)
    # ruleid: python-shell-command-build
    os.system("convert {} out.png".format(user.avatar))
    # ruleid: python-shell-command-build
    os.popen(f'file "{name}"').read()


async def hit_in_a_coroutine(name):
    # ruleid: python-shell-command-build
    await asyncio.create_subprocess_shell(f"tar xf {name}")


def hit_by_way_of_a_variable(name):
    # ruleid: python-shell-command-build
    cmd = f"tar xf {name}"
    subprocess.run(cmd, shell=True)


def silences(url, name, cmd):
    # ok: python-shell-command-build
    subprocess.run(["git", "clone", url], check=True)
    # ok: python-shell-command-build
    subprocess.run("ls -la | wc -l", shell=True)
    # ok: python-shell-command-build
    subprocess.run(f"git clone {shlex.quote(url)}", shell=True)
    # ok: python-shell-command-build
    subprocess.run(f"docker pull {IMAGE}", shell=True)
    # ok: python-shell-command-build
    subprocess.run(cmd, shell=True)
    # ok: python-shell-command-build
    subprocess.run([f"--name={name}"], shell=False)
    # ok: python-shell-command-build
    subprocess.run(f"git clone {url}".split())
    # ok: python-shell-command-build
    os.system("clear")
    # ok: python-shell-command-build
    print(f"git clone {url}")
