from .prediction import Part as Part, Superseded as Superseded
from .serving import serve_session as serve_session
from .session import Session as Session
