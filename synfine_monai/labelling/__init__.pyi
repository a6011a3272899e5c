from .label_verb import (
    require_app as require_app,
    scan_to_label as scan_to_label,
    session_folder as session_folder,
    share_bar as share_bar,
)
from .prediction import Part as Part, Superseded as Superseded
from .serving import serve_session as serve_session
from .session import Session as Session
