#!/bin/sh
# Makes the virtual environment .venv, unless one is there that works, and installs the project into it, editable.
# Where it cannot go on, one line says what is missing.
#
#   tools/install.sh [EXTRAS]      EXTRAS as in pyproject.toml: test, or test-models,zarr; those that need PyTorch get the
#                                  build without CUDA, unless .venv has one
#   PYTHON=...                     the Python to take; else python3, or any newer python3.N on the PATH
set -u
cd "$(dirname "$0")/.." || exit 1

NAMES="python3 python3.14 python3.13 python3.12 python3.11"
LOG=.venv/install.log
NEED_TORCH="torch transformers keras examples test-models"
TORCH=2.13.0
CPU_BUILDS=https://download.pytorch.org/whl/cpu

stop() {
  echo "make: $*" >&2
  exit 1
}

# Prints why a Python cannot make the virtual environment. Any Python since 2.7 must understand the program.
obstacle() {
  "$1" -c '
import sys
if sys.version_info < (3, 11):
    sys.exit("%s is Python %d.%d" % ((sys.executable,) + sys.version_info[:2]))
try:
    import ensurepip, venv
except ImportError as error:
    advice = "on Debian and Ubuntu: apt install python3-venv"
    sys.exit("Python %d.%d has no module %s (%s)" % (sys.version_info[:2] + (error.name, advice)))
' 2>&1
}

# Prints the first Python that will do. A name that is not on the PATH, or a shim of nothing, is passed over.
find_python() {
  reasons=
  for name in $NAMES; do
    reason=$(obstacle "$name") && command -v "$name" && return
    [ $? -ge 126 ] && continue
    case $reasons in *"$reason"*) ;; *) reasons="${reasons:+$reasons; }$reason" ;; esac
  done
  stop "Python 3.11 or newer, with venv, is needed: ${reasons:-there is no python3 on the PATH}. PYTHON=... names another."
}

venv_works() {
  .venv/bin/python -m pip --version >/dev/null 2>&1 || return 1
  # It knows its own place by name: after the folder was moved or copied it would work on the old one.
  [ ! -e .venv/place ] || [ "$(cat .venv/place)" = "$(pwd -P)" ]
}

make_venv() {
  if [ -n "${PYTHON:-}" ]; then
    command -v "$PYTHON" >/dev/null || stop "PYTHON=$PYTHON is no command"
    reason=$(obstacle "$PYTHON") || stop "PYTHON=$PYTHON will not do, Python 3.11 or newer, with venv, is needed: $reason"
    python=$PYTHON
  else
    python=$(find_python) || exit 1
  fi
  echo "Making .venv with $python ..."
  said=$("$python" -m venv --clear .venv 2>&1) ||
    stop "$python could not make .venv: $(printf '%s\n' "$said" | sed '/^ *$/d' | tail -n 1)"
}

pip_install() {
  .venv/bin/python -m pip install --quiet "$@" >"$LOG" 2>&1 && return
  error=$(grep 'ERROR:' "$LOG" | grep -v 'Ignored the following' | tail -n 1 | sed 's/^.*ERROR: //')
  grep -q -e 'from versions: none' -e 'Max retries' -e 'TimeoutError' "$LOG" &&
    stop "the packages cannot be reached: $error. Details: $LOG"
  stop "the packages could not be installed: ${error:-$(tail -n 1 "$LOG")}. Details: $LOG"
}

needs_torch() {
  for extra in $NEED_TORCH; do
    case ",$1," in *",$extra,"*) return 0 ;; esac
  done
  return 1
}

# For Linux, PyPI's PyTorch brings gigabytes of CUDA. Where pip would take that, PyTorch's own index has what is enough.
install_torch() {
  .venv/bin/python -c 'import torch' 2>/dev/null && return
  echo "Installing PyTorch, its build without CUDA (some hundred megabytes) ..."
  taken=$(.venv/bin/python -m pip install --quiet --dry-run --no-deps --report - "torch==$TORCH" 2>/dev/null)
  case $(uname)$taken in
    Linux*+cpu*) pip_install "torch==$TORCH" ;;
    Linux*) pip_install --index-url "$CPU_BUILDS" "torch==$TORCH" ;;
    *) pip_install "torch==$TORCH" ;;
  esac
}

venv_works || make_venv
pwd -P >.venv/place
needs_torch "${1:-}" && install_torch
echo "Installing lstmvis-panel${1:+ with what is needed for: $1} (the first time takes some minutes) ..."
pip_install --editable ".${1:+[$1]}"
