"""`progimage translate`: what URLs of another service become here."""

from __future__ import annotations


def test_urls_of_standard_input_are_translated(run):
    ran = run("translate", "imgproxy", stdin=b"/sig/w:30/plain/a.jpg\n/sig/w:40/plain/b.jpg\n")
    assert ran.code == 0
    assert "2 URLs understood, 0 not" in ran.text


def test_files_are_read_and_what_is_not_understood_ends_with_1(run, tmp_path):
    log = tmp_path / "access.log"
    log.write_bytes(b"/sig/nonsense:1/plain/a.jpg\nno address \xff\n")
    ran = run("translate", "imgproxy", log)
    assert ran.code == 1
    assert "NO " in ran.text
    assert "0 URLs understood, 1 not, 1 lines without" in ran.text


def test_many_kinds_are_shown_by_all_alone(run):
    urls = "\n".join(f"/sig/{'x' * n}:1/plain/a.jpg" for n in range(1, 61)).encode()
    short, whole = (run("translate", "imgproxy", *more, stdin=urls) for more in ([], ["--all"]))
    assert "--all shows them" in short.text
    assert len(whole.lines) > len(short.lines)
