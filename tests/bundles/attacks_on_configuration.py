"""Attacks by the configuration of a packed bundle, each with the words by which it must be refused."""

from attack_tools import CANARY, TOUCH, alias_bomb, entry, expression, replaced, target

from synfine_monai.sharing.packed_bundle import INFERENCE

__all__ = ["CONFIGURATIONS", "EXPRESSIONS"]

BUILD, FIND = "synfine_monai.networks.build_network", "synfine_monai.networks.find_checkpoint"

CALLS = {
    "os by import": (TOUCH, "'__import__'"),
    "subclasses": ("().__class__.__base__.__subclasses__()", r"\.__subclasses__"),
    "class of a reference": ("@network.__class__", r"\.__class__"),
    "getattr": (f"getattr(torch, 'lo' + 'ad')('{CANARY}')", "'getattr'"),
    "eval": (f"eval(\"{TOUCH}\")", "'eval'"),
    "open": (f"open('{CANARY}', 'w')", "'open'"),
    "torch.load": (f"torch.load('{CANARY}', weights_only=False)", "call of torch.load"),
    "torch.hub": ("torch.hub.load('someone/evil', 'model')", "call of torch.hub.load"),
    "monai.bundle": ("monai.bundle.run(config_file='evil.yaml')", "call of monai.bundle.run"),
    "numpy": (f"np.save('{CANARY}', 1)", "call of np.save"),
    "os below torch": (f"torch.os.system('touch {CANARY}')", "call of torch.os.system"),
    "lambda": (f"(lambda: {TOUCH})()", "call of something that is no name"),
    "comprehension": (f"[{TOUCH} for _ in [1]]", "ListComp"),
    "setting a reference": ("[0 for @output_dir in ['/etc']]", "ListComp"),
    "f-string": ("f'{torch.os.system}'", "JoinedStr"),
    "format": ("'{0.__class__}'.format(@info)", r"\.format"),
    "walrus": ("(x := 1)", "NamedExpr"),
    "reference in a text": ("'@output_dir'", "no Python expression|inside of a text"),
    "two statements": (f"torch.device('cpu'); {TOUCH}", "a statement and not one expression"),
    "import of os": ("import os", "'import os' is not an import"),
    "import and more": (f"import torch; {TOUCH}", "not an import that a bundle may have"),
    "import as": ("import os as torch", "not an import that a bundle may have"),
    "whole module": ("@imports#0", "takes hold of a whole module"),
    "whole configuration": ("@", "refers to nothing"),
    "unknown reference": ("@nowhere", "@nowhere refers to nothing"),
    "wide letters": ("ｅｖａｌ('1')", "not plain ASCII"),
    "MONAI's own": ("__local_refs", "a name of MONAI's own"),
    "results elsewhere": (
        "synfine_monai.report.make_results_folder('/etc')", r"is given '/etc', where only @output_dir"),
    "network of one's own": (f"{BUILD}({{'_target_': 'os.system'}})", r"where only @info\['architecture'\]"),
    "other weights": (f"{FIND}('/tmp/evil', @bundle_root)", "where only @checkpoint"),
    "stars": ("torch.device(*['cpu'])", "behind a star"),
    "deep": ("-" * 400 + "1", "parts|no Python"),
    "long": ("'" + "x" * 900 + "'", "expression of 9.. characters"),
}  # fmt: skip

CONFIGURATIONS = {
    "subprocess": (target("subprocess.run", args=["touch", CANARY]), "_target_ 'subprocess.run' is not on the list"),
    "builtins": (target("builtins.eval", source=TOUCH), "_target_ 'builtins.eval' is not on the list"),
    "partial": (target("functools.partial", func="$print"), "_target_ 'functools.partial' is not on the list"),
    "hub": (target("torch.hub.load", repo_or_dir="someone/evil", model="m"), "_target_ 'torch.hub.load'"),
    "bundle in bundle": (target("monai.bundle.run", config_file="evil.yaml"), "_target_ 'monai.bundle.run'"),
    "bare name of MONAI": (target("ConfigWorkflow", config_file="evil.yaml"), "_target_ 'ConfigWorkflow'"),
    "target by expression": (target("$'os.' + 'system'", command="x"), r"_target_ \"\$'os"),
    "target by reference": (entry("evil: os.system\nmine: {_target_: '@evil', command: x}"), "_target_ '@evil'"),
    "debugger": (target("torch.utils.data.DataLoader", _mode_="debug"), "_mode_ 'debug'"),
    "breakpoint": (target("torch.utils.data.DataLoader", _debug_=True), "'_debug_' has a meaning of its own"),
    "callable": (target("torch.utils.data.DataLoader", _mode_="callable"), "_mode_ 'callable'"),
    "strange argument": (target("torch.utils.data.DataLoader", worker_init_fn="@run"), "given 'worker_init_fn'"),
    "argument nested": (
        replaced(INFERENCE, "  batch_size: 1", "  batch_size:\n  - [{_target_: os.system, command: touch canary}]"),
        "dataloader#batch_size#0#0: _target_ 'os.system'"),
    "requires": (target("synfine_monai.inferers.SliceWindowInferer", _requires_=f"${TOUCH}"),
        "'__import__'"),
    "disabled": (target("synfine_monai.inferers.SliceWindowInferer", _disabled_=f"${TOUCH}"),
        "'__import__'"),
    "writes elsewhere": (
        target("synfine_monai.handlers.SlabWriter", path="/etc/passwd", like="$@opened_scan.info"),
        "path of .*SlabWriter is '/etc/passwd'"),
    "chunks elsewhere": (
        replaced(INFERENCE, "  path: $synfine_monai.scans.labels_path(@opened_scan.info, @output_dir)\n",
            "  path: /etc/passwd\n"),
        "path of .*ChunkedOutput is '/etc/passwd'"),
    "output elsewhere": (replaced(INFERENCE, "output_dir: results ", "output_dir: /root "), "output_dir: is '/root'"),
    "weights elsewhere": (replaced(INFERENCE, "checkpoint: shipped ", "checkpoint: /tmp/x "),
        "checkpoint: is '/tmp/x'"),
    "root elsewhere": (
        replaced(INFERENCE, "bundle_root: $synfine_monai.bundle.bundle_root()", "bundle_root: /tmp"),
        "bundle_root: is '/tmp'"),
    "imports": (replaced(INFERENCE, "- $import torch\n", "- $import torch\n- $from os import system\n"),
        "from os import"),
    "macro of a file": (entry("mine: '%/etc/passwd'"), "does not name a value of this file"),
    "macro of a YAML": (entry("mine: '%evil.yaml#x'"), "does not name a value of this file"),
    "macro of an expression": (entry("mine: '%device'"), "leads to another macro"),
    "relative reference": (entry("mine: '@##device'"), "relative reference"),
    "key that reaches": (entry("dataloader#_target_: os.system"), "reaches into another entry"),
    "key that merges": (entry("+handlers: [{_target_: os.system}]"), "reaches into another entry|no plain word"),
    "metadata in YAML": (entry("_meta_: {x: 1}"), "'_meta_' has a meaning of its own"),
    "number as key": (entry("1: x"), "the key 1 is no word"),
    "alias bomb": (entry(alias_bomb()), "an anchor"),
    "alias": (entry("mine: *device"), "an alias|no YAML"),
    "merge key": (entry("mine: {<<: {a: 1}}"), "a merge key"),
    "tag": (entry(f"mine: !!python/object/apply:os.system ['touch {CANARY}']"), "a tag"),
    "key twice": (entry("device: cpu"), "'device' is there twice"),
    "second document": (entry("---\nmine: 1"), "more than one document"),
    "deep": (entry("mine: " + "[" * 60 + "]" * 60), "nested more than"),
    "not ASCII": (entry("mine: 'ünlike'"), "not plain ASCII"),
    "date": (entry("mine: 2026-01-01"), "a value of type date"),
    "Pipeline": (target("synfine_monai.bundle.Pipeline", stages=[{"../../evil/x": {}}]),
        "Pipeline' is not on"),
}  # fmt: skip
EXPRESSIONS = {name: (expression(text), words) for name, (text, words) in CALLS.items()}
