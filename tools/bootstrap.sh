#!/bin/sh
# Makes .venv hold what uv.lock says, with uv itself found or installed into .local/uv; quick when there is nothing to do.
set -u
cd "$(dirname "$0")/.." || exit 1
stamp=.venv/.flotilla-synced
log=.local/logs/bootstrap.log

fail() {
    echo "$1" >&2
    exit 1
}

# Nothing to do: the lock was installed, and neither it nor the project changed since.
[ -x .venv/bin/python ] && [ -e "$stamp" ] && [ ! uv.lock -nt "$stamp" ] \
    && [ ! pyproject.toml -nt "$stamp" ] && exit 0

mkdir -p .local/logs || fail "The folder $(pwd) is not writable, so nothing can be installed in it."
: >"$log"

python=
for name in python3.14 python3.13 python3.12 python3.11 python3; do
    if command -v "$name" >/dev/null 2>&1 \
        && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed: install it (Debian: sudo apt-get install python3)."

root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

own_uv() {
    "$python" -m pip --version >>"$log" 2>&1 || {
        command -v apt-get >/dev/null 2>&1 && root sh tools/apt-install.sh python3-pip >>"$log" 2>&1
    } || return 1
    "$python" -m pip install --quiet --disable-pip-version-check --target .local/uv uv >>"$log" 2>&1
}

if command -v uv >/dev/null 2>&1 && uv --version >>"$log" 2>&1; then
    uv=uv
elif [ -x .local/uv/bin/uv ]; then
    uv=.local/uv/bin/uv
else
    echo "  installing uv ..."
    own_uv || fail "uv could not be installed (see $log): install it by hand, https://docs.astral.sh/uv/."
    uv=.local/uv/bin/uv
fi

export UV_PYTHON_DOWNLOADS=never
# uv shows by itself how far it is, where somebody looks.
sync() {
    if [ -t 2 ]; then
        "$uv" sync --locked
    else
        "$uv" sync --locked --quiet >>"$log" 2>&1 || {
            tail -n 15 "$log" >&2
            return 1
        }
    fi
}
echo "  installing Python packages (a minute or two, once) ..."
sync || fail "The Python packages of uv.lock could not be installed; why stands above."
touch "$stamp"
