"""``python -m luoshi`` is the console command."""

from luoshi.config.cli import main

main()
