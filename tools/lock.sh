#!/bin/sh
# Pin the newest allowed version of everything, with hashes and without the address of any index.
set -eu
cd "$(dirname "$0")/.."
for name in requirements requirements-dev requirements-node; do
    uv pip compile "$name.in" --upgrade --generate-hashes --no-annotate --no-header \
        --python-version 3.11 --universal --quiet --output-file "$name.txt"
done
rm -f package-lock.json
npm install --package-lock-only --loglevel=error
# Who asks for donations is not ours to keep.
python3 - <<'PYTHON'
import json
from pathlib import Path

lock = Path("package-lock.json")
content = json.loads(lock.read_text(encoding="utf-8"))
for package in content["packages"].values():
    package.pop("funding", None)
lock.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
PYTHON
