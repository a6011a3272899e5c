from .label_verb import (
    require_app as require_app,
    scan_to_label as scan_to_label,
    session_folder as session_folder,
    share_bar as share_bar,
)
from .prediction import Part as Part, Superseded as Superseded
from .robot import Robot as Robot
from .serving import serve_session as serve_session
from .session import Session as Session
from .trial import robot_trial as robot_trial, stacked_scan as stacked_scan
from .waiting import repaint_times as repaint_times, tiled_scan as tiled_scan
