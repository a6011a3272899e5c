from pathlib import Path

import pytest

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real scans; they are not part of this repository."""
    if not (REAL_DATA / "README.md").is_file():
        pytest.skip(f"the real scans are not at {REAL_DATA}: this test did NOT run")
    return REAL_DATA
