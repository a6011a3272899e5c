"""``SCAN_audit.html``: the porosity with its error bar on one page, for somebody who has not read the docs."""

from html import escape
from urllib.parse import quote

from synfine_monai.notices import notices
from synfine_monai.planning.audit import Audit
from synfine_monai.planning.sentences import headline, sentences, with_interval

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{name}: audit</title>
<style>
body {{ font-family: sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; line-height: 1.45; }}
.number {{ font-size: 1.5rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: 0.25rem 0.8rem; text-align: right; border-bottom: 1px solid #ccc; }}
th:first-child, td:first-child {{ text-align: left; }}
img {{ max-width: 100%; }}
</style>
</head>
<body>
<h1>{name}</h1>
<p class="number">{headline}</p>
<ul>
{sentences}
</ul>
{notices}
<table>
<tr><th>phase</th><th>share</th><th>interval</th><th>segmentation alone</th><th>windows for ± 0.2</th></tr>
{rows}
</table>
<p><img src="{figure}" alt="shares, porosity along the core, blocks"></p>
<h2>What the interval says, and what not</h2>
<p>Small windows of the scan were drawn at random, with known probabilities, and labelled by somebody who did not see
the segmentation. Where it differs from their labels, the porosity of the whole scan was corrected. If this were done
again and again with other windows, the interval would hold what labelling the whole scan would give in 95 of 100 cases,
however good or bad the segmentation is. It says nothing of three other matters, each told apart above: how much another
piece of the rock would differ, how sure the labeller is, and where on a grey slope a boundary belongs. They must not be
added up into one number.</p>
</body>
</html>
"""


def audit_page(audit: Audit, name: str, figure: str) -> str:
    """The page as HTML.

    Args:
        audit: the audit.
        name: of the scan.
        figure: file name of the figure, in the same folder.
    """
    told = notices()
    lines = "\n".join(f"<li>{escape(one)}</li>" for one in told)
    return _PAGE.format(
        name=escape(name),
        headline=escape(headline(audit)[:1].upper() + headline(audit)[1:]),
        sentences="\n".join(f"<li>{escape(one)}</li>" for one in sentences(audit)),
        notices=f"<h2>Look at these</h2>\n<ul>\n{lines}\n</ul>" if told else "",
        rows="\n".join(_row(phase, audit) for phase in audit.shares),
        figure=quote(figure),
    )


def _row(phase: str, audit: Audit) -> str:
    share = audit.shares[phase]
    ends = "none" if share.low is None or share.high is None else f"{100 * share.low:.2f} to {100 * share.high:.2f} %"
    needed = share.windows_for(0.002)
    cells = [phase, with_interval(share), ends, f"{100 * share.predicted:.1f} %", "" if needed is None else str(needed)]
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
