from .audit_coverage import AuditRun as AuditRun, audit_runs as audit_runs, labelled_by as labelled_by
from .audit_tables import audit_report as audit_report
from .experiment import Experiment as Experiment, choose_numbers as choose_numbers, grid as grid
from .grey_level_tables import grey_level_report as grey_level_report
from .grey_levels import GreyLevelRun as GreyLevelRun
from .joint_samples import JointSamples as JointSamples, sample_table as sample_table
from .label_efficiency import arm_report as arm_report, label_report as label_report
from .pair_distances import PairDistances as PairDistances, distance_table as distance_table
from .pair_sources import PairSources as PairSources
from .runs_file import RunsFile as RunsFile
from .stage_cache import StageCache as StageCache
from .starting_networks import StartingNetworks as StartingNetworks
from .stroke_run import ShippedStarts as ShippedStarts, StrokeRun as StrokeRun
from .stroke_tables import stroke_report as stroke_report
from .tables import markdown_table as markdown_table
from .trust_tables import trust_report as trust_report
from .trusted_numbers import TrustRun as TrustRun, trust_runs as trust_runs
from .tuned_run import TunedRun as TunedRun
from .tuning import tuning_report as tuning_report
