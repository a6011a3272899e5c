import pytest

from synfine_monai.scans.patient_file import PatientFile

resource = pytest.importorskip("resource", reason="limits of a process are POSIX")


def test_an_error_is_kept_for_later(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with PatientFile(tmp_path / "file") as file:
            assert file.write(b"a" * 60) == 60
            file.raise_error()
            assert file.write(b"b" * 60) == 60
            assert file.write(b"c") == 1
            with pytest.raises(OSError, match="File too large"):
                file.raise_error()
            file.seek(0)
            assert file.read(60) == b"a" * 60
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "file").read_bytes() == b"a" * 60 + b"b" * 40
