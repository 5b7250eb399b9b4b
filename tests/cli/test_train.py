"""`digitlab train`: the versions that it learns from."""

from support.command_line import command_line


def test_a_teacher_that_does_not_exist_is_named(tmp_path):
    done = command_line(tmp_path)("train", "--images", 256, "--teachers", "base,v0009")
    assert done.returncode == 1
    assert b"v0009" in done.stderr
    assert not list(tmp_path.rglob("epoch-*"))
