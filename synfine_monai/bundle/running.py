"""The verb that is running: where its bundle is, whether its options are known, and its configuration kept."""

import atexit
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import yaml

from synfine_monai.bundle.option_values import keep_as_typed, plain_value
from synfine_monai.bundle.plain_errors import report_errors_plainly
from synfine_monai.bundle.requirements import check_device
from synfine_monai.bundle.verb_options import options_of, refuse_unknown
from synfine_monai.files import atomic_file
from synfine_monai.notices import gather_notices, tell_notices
from synfine_monai.report import make_results_folder

if TYPE_CHECKING:
    from monai.bundle import ConfigWorkflow


def begin(verb: str | Sequence[str], output_dir: str | Path | None = None, device: Any = None) -> None:
    """The first thing that a verb does: errors become one line, options are checked, the configuration is kept.

    What is to be looked at is gathered from now on, and told when the process ends.

    Args:
        verb: name of its YAML, without the ending; of several, in the order in which they are merged.
        output_dir: folder that is made, where the configuration goes; None for none.
        device: is tried, unless None.

    Raises:
        ScanError: if an option is unknown or of a wrong kind, the device cannot be used, or the folder not be made.
    """
    verbs = [verb] if isinstance(verb, str) else list(verb)
    report_errors_plainly()
    workflow, given = _running()
    files = [Path(workflow.config_root_path) / f"{name}.yaml" for name in verbs]
    if _by_monais_command():
        output_dir = keep_as_typed(workflow, options_of(files), sys.argv[1:]).get("output_dir", output_dir)
    if not _is_stage(workflow):
        gather_notices()
        atexit.unregister(tell_notices)
        atexit.register(tell_notices)
    refuse_wrong_options(workflow, files, given)
    if device is not None:
        check_device(device)
    if output_dir is not None:
        make_results_folder(output_dir)
        keep_config(workflow, verbs[0], output_dir)


def current_workflow() -> "ConfigWorkflow":
    """The MONAI workflow whose configuration is being evaluated.

    Raises:
        RuntimeError: if no workflow is running.
    """
    return _running()[0]


def bundle_root() -> str:
    """Folder of the bundle whose verb is running or being exported, from any working directory.

    Raises:
        RuntimeError: if this is neither a workflow nor an export; ``--bundle_root`` says it then.
    """
    try:
        folder = Path(current_workflow().config_root_path)
    except RuntimeError:
        if not (files := _config_files()):
            raise RuntimeError("no bundle is running here: give --bundle_root.") from None
        folder = files[0].parent  # MONAI's export and verify commands
    return str(folder.resolve().parent)


def refuse_wrong_options(workflow: "ConfigWorkflow", config_files: Sequence[Path], given: Sequence[Path]) -> None:
    """Refuse top-level names that none of the files declares, and values of a wrong kind.

    Args:
        workflow: the running one.
        config_files: those of the verb, which declare its options.
        given: those of the command line, which a user may have extended by files of their own.

    Raises:
        ScanError: naming the option, and what is right.
    """
    from monai.bundle import ConfigParser

    files = {file.resolve() for file in (*config_files, *given)}
    declared = {str(key).split("#")[0].split("::")[0] for file in files for key in ConfigParser.load_config_file(file)}
    options = options_of(config_files)
    for name in workflow.parser.get():
        if name not in declared and name != "_meta_":
            refuse_unknown(name, options, config_files[0].name)
    for option in options.values():
        value = workflow.parser.get(option.name)
        if not str(value).startswith(("$", "@", "%")):
            option.kind.check(option.name, value)


def keep_config(workflow: "ConfigWorkflow", verb: str, output_dir: str | Path) -> Path:
    """Write a configuration, options set and files merged, into ``output_dir/config.yaml`` under ``verb``.

    Verbs that share a results folder each have their section; a verb that runs again replaces its own.
    """
    path = Path(output_dir) / "config.yaml"
    sections = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    config = {key: plain_value(value) for key, value in workflow.parser.get().items() if key != "_meta_"}
    text = yaml.safe_dump({**(sections or {}), verb: config}, sort_keys=False, allow_unicode=True)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _running() -> tuple["ConfigWorkflow", list[Path]]:
    """The innermost workflow, and the config files that its caller gave it."""
    from monai.bundle import ConfigWorkflow

    found = (frame.f_locals.get("self") for frame in _callers())
    workflow = next((each for each in found if isinstance(each, ConfigWorkflow)), None)
    if workflow is None:
        raise RuntimeError("this expression works only inside `python -m monai.bundle run`.")
    return workflow, _config_files()


def _is_stage(workflow: "ConfigWorkflow") -> bool:
    """Whether a workflow runs inside another one."""
    from monai.bundle import ConfigWorkflow

    found = (frame.f_locals.get("self") for frame in _callers())
    return any(isinstance(each, ConfigWorkflow) and each is not workflow for each in found)


def _config_files() -> list[Path]:
    frame = _runner()
    files = [] if frame is None else frame.f_locals["config_file"]
    if isinstance(files, str | Path):
        files = [files] if Path(files).is_file() else str(files).split(",")
    return [Path(file) for file in files]


def _runner() -> FrameType | None:
    """The innermost caller that has an argument ``config_file``: MONAI's commands, ``run_verb``."""
    for frame in _callers():
        if frame.f_locals.get("config_file") and "config_file" in frame.f_code.co_varnames[: frame.f_code.co_argcount]:
            return frame
    return None


def _by_monais_command() -> bool:
    """Whether it is ``python -m monai.bundle run`` that runs this verb, and not another verb or a script."""
    frame, program = _runner(), Path(sys.argv[0]).parts[-3:]
    return program == ("monai", "bundle", "__main__.py") and frame.f_globals["__name__"].startswith("monai.")


def _callers() -> Iterator[FrameType]:
    # MONAI hands an expression neither the workflow nor the options that were given
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back
