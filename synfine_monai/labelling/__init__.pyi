from .prediction import Part as Part, Superseded as Superseded
from .session import Session as Session
