from .prediction import Part as Part, Superseded as Superseded
from .robot import Robot as Robot
from .session import Session as Session
from .trial import robot_trial as robot_trial, stacked_scan as stacked_scan
from .waiting import repaint_times as repaint_times, tiled_scan as tiled_scan
