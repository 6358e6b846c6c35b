"""The checks, a module for each subject with ``cases(target) -> Iterable[Case]``."""
