"""``SCAN_audit.html``: the porosity with its error bar on one page, for somebody who has not read the docs."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from synfine_monai.planning.audit import Audit
from synfine_monai.planning.sentences import headline, local_words, sentences, with_interval
from synfine_monai.report import write_page

_LEAD = """<p class="number">{headline}</p>
<ul>
{sentences}
</ul>"""
_FOOT = """<h2>Every phase</h2>
{shares}
{local}
<h2>What the interval says, and what not</h2>
<p>{windows} Where {its} segmentation differs from the labels, the porosity of the whole scan was corrected. If this
were done again and again with other windows, the interval would hold what labelling the whole scan would give in
{cases} of 100 cases, however good or bad the segmentation is. It says nothing of three other matters, each told apart
above: how much another piece of the rock would differ, how sure the labeller is, and where on a grey slope a boundary
belongs. They must not be added up into one number.</p>"""
_DRAWN = ("Small windows of the scan were drawn at random, with known probabilities, and labelled by somebody who did "
          "not see the segmentation.")  # fmt: skip
_CROSSED = (
    "Small windows of the scan were drawn at random, with known probabilities, and labelled. "
    "{networks} networks learned from these labels, each from a part, and each is judged by the others."
)
_NO_INTERVAL = """<h2>Every phase</h2>
{shares}
<h2>Why there is no ±</h2>
<p>A segmentation does not tell how far it is off. To find out, small windows are drawn at random (synfine plan),
labelled by somebody who does not see the segmentation, and compared with it (synfine audit).</p>"""


def write_audit_page(path: Path, audit: Audit, name: str, figure: Path, slice_um: float | None = None) -> Path:
    """Write the page.

    Args:
        path: of the page.
        audit: the audit.
        name: of the scan.
        figure: picture, in the same folder.
        slice_um: width of a voxel in a slice in µm, or None.

    Raises:
        ScanError: if it cannot be written.
    """
    words = headline(audit)
    lead = _LEAD.format(
        headline=escape(words[:1].upper() + words[1:]),
        sentences="\n".join(f"<li>{escape(one)}</li>" for one in sentences(audit)),
    )
    return write_page(path, f"Porosity of {name}, audited", {}, [figure], lead, _foot(audit, slice_um))


def _foot(audit: Audit, slice_um: float | None) -> str:
    shares = _table(
        ["phase", "share", "from", "to", "segmentation alone", "windows for ± 0.2 points"],
        ([phase, *_cells(audit, phase)] for phase in audit.shares),
    )
    if audit.why_not:
        return _NO_INTERVAL.format(shares=shares)
    local = _table(["number of the pore space", "audited", "segmentation alone"], local_words(audit, slice_um))
    crossed = audit.networks > 1
    return _FOOT.format(
        shares=shares,
        local=f"<h2>Numbers of neighbours</h2>\n{local}" if audit.local else "",
        windows=_CROSSED.format(networks=audit.networks) if crossed else _DRAWN,
        its="a network's" if crossed else "the",
        cases=f"{100 * next(iter(audit.shares.values())).confidence:.4g}",
    )


def _cells(audit: Audit, phase: str) -> list[str]:
    share = audit.shares[phase]
    needed = share.windows_for(0.002)
    ends = ["", ""] if share.low is None or share.high is None else [f"{100 * end:.2f} %" for end in
                                                                     (share.low, share.high)]  # fmt: skip
    return [with_interval(share), *ends, f"{100 * share.predicted:.1f} %", "" if needed is None else str(needed)]


def _table(names: list[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>\n" + "\n".join(f"<tr>{cells}</tr>" for cells in [head, *body]) + "\n</table>"
