"""Kinds of broken backends: what is changed in a whole one, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

WHOLE = """
import numpy as np

from polygraph.plugin import (
    REGISTRY, Backend, BackendSpec, Capabilities, Primitive, RunResult, interpret,
)

SPEC = BackendSpec(
    name="fake",
    factory="fake_backend:make",
    capabilities=Capabilities(dtypes=frozenset({"bool", "int32", "float32"})),
    contract=(2,),
)


class Run:
    tier = "fake"

    def __init__(self, program):
        self.program = program

    def __call__(self, state, feeds):
        program = self.program
        values = [np.array(value) for value in interpret(program.block, [*state, *feeds])]
        carries = program.fetches + program.carries
        checks = carries + len(program.updates)
        fetches, updates = values[: program.fetches], values[carries:checks]
        failed = next((i for i, flag in enumerate(values[checks:]) if not flag), -1)
        return RunResult((fetches, values[program.fetches : carries], updates, failed))


def make(device, config, lowerings):
    primitives = {op: op.function for op in REGISTRY.values() if isinstance(op, Primitive)}
    return Backend(
        name="fake",
        device=device,
        capabilities=SPEC.capabilities,
        lowerings={**primitives, **lowerings},
        compile=Run,
        put=np.array,
        get=np.array,
        list_devices=lambda: ["cpu:0"],
        tier="fake",
    )
"""


@dataclass(frozen=True)
class Kind:
    """One way to be broken.

    Attributes:
      name: of the kind.
      old: text of the whole backend.
      new: what stands there instead.
      reason: a part of the reason that the listing gives.
      fix: a part of what it says can be done.
      status: what the listing calls it.
      probed: whether only trying it finds out.
      error: class of what a session raises; empty where a session notices nothing.
    """

    name: str
    old: str
    new: str
    reason: str
    fix: str
    status: str = "broken"
    probed: bool = False
    error: str = "BrokenPluginError"


_TOP = "import numpy as np\n"
_RETURN = "        return RunResult((fetches, values[program.fetches : carries], updates, failed))"
_CONTRACT = "ContractError"
_INTERNAL = "InternalError"


def _import(name: str, new: str, reason: str, fix: str) -> Kind:
    return Kind(name, _TOP, f"{_TOP}{new}\n", reason, fix)


def _made(name: str, old: str, new: str, reason: str, error: str = "BrokenPluginError") -> Kind:
    return Kind(name, old, new, reason, "", probed=True, error=error)


KINDS = (
    _import("ImportError", "import nowhere_at_all", "nowhere_at_all", "install what has"),
    _import("exception", "raise RuntimeError('no licence')", "no licence", "uninstall fake-dist"),
    _import("SystemExit", "raise SystemExit('bye')", "SystemExit: bye", "uninstall fake-dist"),
    _import("no Exception", "class Stop(BaseException): pass\nraise Stop('here')", "Stop: here",
            "uninstall fake-dist"),
    _import("recursion", "def f(): f()\nf()", "RecursionError", "uninstall fake-dist"),
    _import("SyntaxError", "def (:", "SyntaxError", "uninstall fake-dist"),
    Kind("no attribute", "SPEC =", "SPECIFICATION =", "AttributeError", "uninstall fake-dist"),
    Kind("no spec", "SPEC = BackendSpec", "SPEC = dict", "no BackendSpec", "BackendSpec"),
    Kind(
        "future contract", "(2,)", "(3,)", "polygraph-framework is too old",
        "--upgrade polygraph-framework", error=_CONTRACT,
    ),
    Kind(
        "ancient contract", "(2,)", "(0,)", "fake-dist is too old", "--upgrade fake-dist",
        error=_CONTRACT,
    ),
    Kind("no contract", "(2,)", "()", "contract none", "--upgrade fake-dist", error=_CONTRACT),
    Kind("odd contract", "(2,)", '"2"', "no tuple of whole numbers", "contract=(2,)"),
    Kind("malformed factory", '"fake_backend:make"', '"fake_backend.make"', "malformed", "module"),
    Kind("factory object", '"fake_backend:make"', "print", "malformed", "module:function"),
    Kind("unknown dtype", '"float32"', '"float23"', "float23", "capabilities"),
    Kind("no devices", '"float32"})', '"float32"}), devices=()', "no devices", "capabilities"),
    Kind("odd capabilities", "Capabilities(", "dict(", "no Capabilities", "capabilities"),
    Kind("other name in spec", 'name="fake",\n    f', 'name="fk",\n    f', "'fk'", "one name"),
    Kind(
        "missing engine", "    contract", '    requires=("no_such",),\n    contract',
        "no_such", "pip install no_such", "missing", error="BackendNotFoundError",
    ),
    Kind(
        "missing package", "    contract", '    requires=("no_such.part",),\n    contract',
        "no_such.part", "pip install", "missing", error="BackendNotFoundError",
    ),
    Kind(
        "requires a string", "    contract", '    requires="numpy",\n    contract',
        "no tuple of modules", "requires=",
    ),
    _made("no factory module", "fake_backend:make", "nothing_here:make", "nothing_here"),
    _made("no factory", "def make(", "def build(", "AttributeError"),
    _made("factory no function", "def make(", "make = 3\n\n\ndef build(", "no function"),
    _made("crash at make", "    primitives =", "    1 / 0\n    primitives =", "ZeroDivisionError"),
    _made("exit at make", "    primitives =", "    raise SystemExit(3)\n    primitives =", "3"),
    _made("no Exception at make", "    primitives =",
          "    raise type('Stop', (BaseException,), {})('here')\n    primitives =", "Stop: here"),
    _made("old signature", "(device, config, lowerings)", "(device, config)", "TypeError"),
    _made("makes nothing", "    return Backend(", "    Backend(", "no plugin made it"),
    _made("makes no Backend", "    return Backend(", "    return dict(", "no Backend", _CONTRACT),
    _made("other name", 'name="fake",\n     ', 'name="fk",\n     ', "'fk'", _CONTRACT),
    _made("lowering of no op", "**lowerings}", "'add': 3}", "'add', which is no op", _CONTRACT),
    _made("lowering no function", "op: op.function", "op: op.name", "no function", _CONTRACT),
    _made("table no mapping", "{**primitives, **lowerings}", "[1]", "no mapping", _CONTRACT),
    _made(
        "lie of control flow", "{**primitives, **lowerings}",
        "{op: f for op, f in primitives.items() if op.name != 'cond'}",
        "declares control flow and has no lowering of cond", _CONTRACT,
    ),
    _made(
        "lie of dtypes", "capabilities=SPEC.capabilities",
        "capabilities=Capabilities(dtypes=frozenset({'float32', 'int64'}))",
        "int64, which its spec does not declare", _CONTRACT,
    ),
    _made("compile no function", "compile=Run", "compile=None", "no function", _CONTRACT),
    _made(
        "crash at compile", "self.program = program", "raise KeyError('step')", "KeyError",
        _INTERNAL,
    ),
    _made("no executable", "compile=Run", "compile=lambda p: None", "no Executable", _CONTRACT),
    _made("no tier", '    tier = "fake"\n\n    def __init__', "    def __init__", "no Executable",
          _CONTRACT),
    _made("crash at run", "        program = self.program", "        1 / 0", "ZeroDivisionError",
          _INTERNAL),
    _made("hang at run", "        program = self.program",
          "        import time; time.sleep(3)\n        program = self.program",
          "after 0.3 s", ""),
    _made("gives nothing", _RETURN, "        return None", "NoneType", _CONTRACT),
    _made("too few fetches", "((fetches,", "((fetches[1:],", "0 fetches where there are 1",
          _CONTRACT),
    _made("too many updates", "updates, failed))", "[*updates, 1], failed))", "updates where",
          _CONTRACT),
    _made("wrong dtype", _RETURN, f"        fetches = [x.astype('f8') for x in fetches]\n{_RETURN}",
          "f64[3], not f32[3]", _CONTRACT),
    _made("wrong shape", _RETURN, f"        fetches = [x[:1] for x in fetches]\n{_RETURN}",
          "f32[1], not f32[3]", _CONTRACT),
    _made("no arrays", _RETURN, f"        fetches = [x.tolist() for x in fetches]\n{_RETURN}",
          "of class list", _CONTRACT),
    _made("fetch is a feed", _RETURN, f"        fetches = list(feeds)\n{_RETURN}", "shares memory",
          _CONTRACT),
    _made("read-only fetch", _RETURN,
          f"        for x in fetches: x.flags.writeable = False\n{_RETURN}", "not writable",
          _CONTRACT),
    _made("odd flag", _RETURN, f"        failed = 7\n{_RETURN}", "failed is 7", _CONTRACT),
    _made("wrong values", _RETURN, f"        fetches = [x + 1 for x in fetches]\n{_RETURN}",
          "1 2 3 + 4 5 6 gave", ""),
    _made("put raises", "put=np.array", "put=lambda x: x.nothing", "AttributeError", ""),
    _made("get gives lists", "get=np.array", "get=list", "put and then get", ""),
    _made("devices raise", 'lambda: ["cpu:0"]', "lambda: 1 / 0", "ZeroDivisionError", ""),
    _made("no device list", 'lambda: ["cpu:0"]', "lambda: []", "names of devices", ""),
)  # fmt: skip
