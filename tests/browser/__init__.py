"""report.html in a real headless browser: what a person sees, hears and copies.

`nox -s browser` installs what it needs. Elsewhere these tests are skipped where no browser can be found.
"""
