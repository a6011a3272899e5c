"""Attacks by the configuration of a packed bundle: none is judged, all are refused since they are not ours."""

from attack_tools import CANARY, TOUCH, alias_bomb, entry, expression, replaced, target

from synfine_monai.sharing.packed_bundle import INFERENCE

FOREIGN = "inference.yaml: not what this project released; the bundle contains programs of its own"

BUILD, FIND = "synfine_monai.networks.build_network", "synfine_monai.networks.find_checkpoint"

CALLS = {
    "os by import": TOUCH,
    "subclasses": "().__class__.__base__.__subclasses__()",
    "class of a reference": "@network.__class__",
    "getattr": f"getattr(torch, 'lo' + 'ad')('{CANARY}')",
    "eval": f"eval(\"{TOUCH}\")",
    "open": f"open('{CANARY}', 'w')",
    "torch.load": f"torch.load('{CANARY}', weights_only=False)",
    "torch.hub": "torch.hub.load('someone/evil', 'model')",
    "monai.bundle": "monai.bundle.run(config_file='evil.yaml')",
    "numpy": f"np.save('{CANARY}', 1)",
    "os below torch": f"torch.os.system('touch {CANARY}')",
    "lambda": f"(lambda: {TOUCH})()",
    "comprehension": f"[{TOUCH} for _ in [1]]",
    "setting a reference": "[0 for @output_dir in ['/etc']]",
    "f-string": "f'{torch.os.system}'",
    "format": "'{0.__class__}'.format(@info)",
    "walrus": "(x := 1)",
    "reference in a text": "'@output_dir'",
    "two statements": f"torch.device('cpu'); {TOUCH}",
    "import of os": "import os",
    "import and more": f"import torch; {TOUCH}",
    "import as": "import os as torch",
    "whole module": "@imports#0",
    "whole configuration": "@",
    "unknown reference": "@nowhere",
    "wide letters": "ｅｖａｌ('1')",
    "MONAI's own": "__local_refs",
    "results elsewhere": "synfine_monai.report.make_results_folder('/etc')",
    "network of one's own": f"{BUILD}({{'_target_': 'os.system'}})",
    "other weights": f"{FIND}('/tmp/evil', @bundle_root)",
    "stars": "torch.device(*['cpu'])",
    "deep": "-" * 400 + "1",
    "long": "'" + "x" * 900 + "'",
}  # fmt: skip

CHANGES = {
    "subprocess": target("subprocess.run", args=["touch", CANARY]),
    "builtins": target("builtins.eval", source=TOUCH),
    "partial": target("functools.partial", func="$print"),
    "hub": target("torch.hub.load", repo_or_dir="someone/evil", model="m"),
    "bundle in bundle": target("monai.bundle.run", config_file="evil.yaml"),
    "bare name of MONAI": target("ConfigWorkflow", config_file="evil.yaml"),
    "target by expression": target("$'os.' + 'system'", command="x"),
    "target by reference": entry("evil: os.system\nmine: {_target_: '@evil', command: x}"),
    "debugger": target("torch.utils.data.DataLoader", _mode_="debug"),
    "breakpoint": target("torch.utils.data.DataLoader", _debug_=True),
    "callable": target("torch.utils.data.DataLoader", _mode_="callable"),
    "strange argument": target("torch.utils.data.DataLoader", worker_init_fn="@run"),
    "argument nested": replaced(
        INFERENCE, "  batch_size: 1", "  batch_size:\n  - [{_target_: os.system, command: touch canary}]"),
    "requires": target("synfine_monai.inferers.SliceWindowInferer", _requires_=f"${TOUCH}"),
    "disabled": target("synfine_monai.inferers.SliceWindowInferer", _disabled_=f"${TOUCH}"),
    "writes elsewhere": target("synfine_monai.handlers.SlabWriter", path="/etc/passwd", like="$@opened_scan.info"),
    "chunks elsewhere": replaced(
        INFERENCE, "  path: $synfine_monai.scans.labels_path(@opened_scan.info, @output_dir)\n",
            "  path: /etc/passwd\n"),
    "output elsewhere": replaced(INFERENCE, "output_dir: results ", "output_dir: /root "),
    "weights elsewhere": replaced(INFERENCE, "checkpoint: shipped ", "checkpoint: /tmp/x "),
    "root elsewhere": replaced(INFERENCE, "bundle_root: $synfine_monai.bundle.bundle_root()", "bundle_root: /tmp"),
    "imports": replaced(INFERENCE, "- $import torch\n", "- $import torch\n- $from os import system\n"),
    "macro of a file": entry("mine: '%/etc/passwd'"),
    "macro of a YAML": entry("mine: '%evil.yaml#x'"),
    "macro of an expression": entry("mine: '%device'"),
    "relative reference": entry("mine: '@##device'"),
    "key that reaches": entry("dataloader#_target_: os.system"),
    "key that merges": entry("+handlers: [{_target_: os.system}]"),
    "metadata in YAML": entry("_meta_: {x: 1}"),
    "number as key": entry("1: x"),
    "alias bomb": entry(alias_bomb()),
    "alias": entry("mine: *device"),
    "merge key": entry("mine: {<<: {a: 1}}"),
    "tag": entry(f"mine: !!python/object/apply:os.system ['touch {CANARY}']"),
    "key twice": entry("device: cpu"),
    "second document": entry("---\nmine: 1"),
    "deep": entry("mine: " + "[" * 60 + "]" * 60),
    "not ASCII": entry("mine: 'ünlike'"),
    "date": entry("mine: 2026-01-01"),
    "Pipeline": target("synfine_monai.bundle.Pipeline", stages=[{"../../evil/x": {}}]),
}  # fmt: skip
EXPRESSIONS = {name: (expression(text), FOREIGN) for name, text in CALLS.items()}
CONFIGURATIONS = {name: (change, FOREIGN) for name, change in CHANGES.items()}
